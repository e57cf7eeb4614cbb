/** Lets one part wait until another says that something has changed; what is waited for is then looked at again. */
export class Wakeup {
  #promise: Promise<void> | null = null;
  #resolve: (() => void) | null = null;

  /** Resolves at the next `notify`. */
  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  notify(): void {
    this.#resolve?.();
    this.#promise = null;
    this.#resolve = null;
  }
}

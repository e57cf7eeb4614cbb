/** A request that the historical server refuses, in the words of the real one. */
export class Refusal extends Error {
  readonly status: number;
  /** What is sent as `detail`. */
  readonly detail: Readonly<Record<string, unknown>> | string;

  constructor(status: number, detail: Readonly<Record<string, unknown>> | string) {
    super(typeof detail === 'string' ? detail : String(detail.message));
    this.name = 'Refusal';
    this.status = status;
    this.detail = detail;
  }
}

const DOCS = 'https://databento.com/docs/api-reference-historical/basics/datasets';

/** A refusal with the word by which programs know it. */
export function refusal(status: number, name: string, message: string, payload?: Readonly<Record<string, string>>) {
  const detail = { case: name, message, status_code: status, docs: DOCS };
  return new Refusal(status, payload === undefined ? detail : { ...detail, payload });
}

/** The refusal of a parameter. */
export function badParameter(name: string, found: string | undefined, expected: string): Refusal {
  const what = found === undefined ? `\`${name}\` is missing` : `\`${name}\` cannot be ${JSON.stringify(found)}`;
  return refusal(422, 'request_invalid_parameter', `${what}: expected ${expected}.`);
}

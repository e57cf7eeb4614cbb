import { type Resolution, readAnswer, resolveAnswer } from './answers.ts';
import type { HistoricalHttp } from './http.ts';
import { type ResolveRequest, resolveForms } from './parameters.ts';

/** Which symbols are which instruments on which days. These calls are free. */
export class Symbology {
  readonly #http: HistoricalHttp;

  constructor(http: HistoricalHttp) {
    this.#http = http;
  }

  /**
   * What symbols were on the days of a span. More than 2,000 become several requests, whose answers are joined. The
   * instruments of a parent come under their own symbols, not under the parent's.
   */
  async resolve(request: ResolveRequest): Promise<Resolution> {
    const name = 'symbology.resolve';
    const answers: Resolution[] = [];
    for (const form of resolveForms(request)) {
      answers.push(readAnswer(name, resolveAnswer, await this.#http.json({ method: 'POST', name, form })));
    }
    return {
      result: Object.assign({}, ...answers.map(({ result }) => result)) as Resolution['result'],
      partial: answers.flatMap(({ partial }) => partial),
      notFound: answers.flatMap(({ notFound }) => notFound),
    };
  }
}

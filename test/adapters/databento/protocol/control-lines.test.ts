import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ControlLineReader,
  formatControlLine,
  parseControlLine,
} from '../../../../adapters/databento/protocol/control-lines.ts';

describe('reading the pairs of a line', () => {
  test.each([
    ['success=1|session_id=5', { success: '1', session_id: '5' }],
    ['success=1|session_id=5|', { success: '1', session_id: '5' }],
    ['success=1\r', { success: '1' }],
    ['cram=abc=def==', { cram: 'abc=def==' }],
    ['start_session', { start_session: '' }],
    ['', {}],
    ['|||', {}],
    ['a=1|a=2', { a: '2' }],
    ['=x', { '': 'x' }],
  ])('%j', (line, fields) => {
    expect(Object.fromEntries(parseControlLine(line))).toEqual(fields);
  });

  test('any text is read, and gives back what was written', () => {
    const word = fc.string({ unit: 'grapheme-ascii' }).filter((text) => !/[|=\r\n]/.test(text) && text !== '');
    fc.assert(
      fc.property(fc.dictionary(word, word, { noNullPrototype: true }), (fields) => {
        const parsed = parseControlLine(formatControlLine(fields));
        expect(Object.fromEntries(parsed)).toEqual(fields);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => parseControlLine(text) instanceof Map));
  });

  test.each(['a|b', 'a\nb', 'a\rb'])('a value that would break the line is refused: %j', (value) => {
    expect(() => formatControlLine({ client: value })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('splitting a stream into lines', () => {
  test('gives the same lines and the same rest however the stream is cut', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const lines = fc.array(fc.stringMatching(/^[ -~]{0,20}$/), { maxLength: 5 });
    fc.assert(
      fc.property(lines, bytes, fc.array(fc.nat(200)), (some, rest, cuts) => {
        const stream = Buffer.concat([Buffer.from(some.map((line) => `${line}\n`).join('')), rest]);
        const reader = new ControlLineReader();
        const read: string[] = [];
        const places = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
        for (const [index, from] of places.slice(0, -1).entries()) {
          reader.append(stream.subarray(from, places[index + 1]));
          while (read.length < some.length) {
            const line = reader.readLine();
            if (line === null) break;
            read.push(line);
          }
        }
        expect(read).toEqual(some);
        expect(Buffer.from(reader.takeRest())).toEqual(Buffer.from(rest));
      }),
    );
  });

  test('takes carriage returns away', () => {
    expect(new ControlLineReader().push(Buffer.from('a=1\r\nb=2\n\n'))).toEqual(['a=1', 'b=2', '']);
  });

  test('refuses a line without an end, whether that comes at last or not', () => {
    const reader = new ControlLineReader(10);
    expect(reader.push(Buffer.from('0123456789\n'))).toEqual(['0123456789']);
    expect(() => reader.push(Buffer.from('01234567890'))).toThrow(expect.objectContaining({ code: 'protocol' }));
    expect(() => new ControlLineReader(10).push(Buffer.from('01234567890\n'))).toThrow('longer than 10 bytes');
  });
});

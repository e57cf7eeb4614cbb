import { rtypeName, rtypeOfSchema, type Schema, schemas } from '#adapters/databento/dbn/enums.ts';

/** Of two schemas with one record type, `mbp-1` and `tbbo`, the first is kept. */
const schemaOfRtypes = new Map<number, Schema>([...schemas].reverse().map((schema) => [rtypeOfSchema(schema), schema]));

/** The schema that a record type stands for; null when it belongs to none. `tbbo` comes as `mbp-1`. */
export function schemaOfRtype(rtype: number): Schema | null {
  return schemaOfRtypes.get(rtype) ?? null;
}

/** The name by which `--schema` chooses a record type, or that of the type when it cannot. */
export function choiceName(rtype: number): string {
  return schemaOfRtype(rtype) ?? rtypeName(rtype);
}

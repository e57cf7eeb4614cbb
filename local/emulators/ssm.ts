import { AwsError, type AwsJsonServer, type AwsOperation, serveAwsJson } from './aws-json.ts';

/** A parameter as the stand-in holds it. */
export interface StoredParameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  /** Regular expression that every value must match; null for none. */
  readonly allowedPattern: string | null;
  /** 1 at creation, one more with each put. */
  readonly version: number;
  readonly lastModifiedMs: number;
}

/** What creates a parameter. */
export type NewParameter = Pick<StoredParameter, 'name' | 'type' | 'value' | 'allowedPattern'>;

/** Stand-in for the Parameter Store. */
export interface SsmStandIn extends AwsJsonServer {
  /** Creates or overwrites a parameter under the same rules as `PutParameter`. */
  put(parameter: NewParameter): StoredParameter;
  /** Gives an existing parameter another value, as `PutParameter` with `Overwrite` does. */
  setValue(name: string, value: string): StoredParameter;
  list(): readonly StoredParameter[];
}

const NAMES_MAX = 10;

/** Starts the Parameter Store stand-in: `GetParameter`, `GetParameters`, `PutParameter`, with their own errors. */
export async function startSsm(clock: () => number): Promise<SsmStandIn> {
  const parameters = new Map<string, StoredParameter>();
  const put = (parameter: NewParameter): StoredParameter => {
    checkValue(parameter);
    const version = (parameters.get(parameter.name)?.version ?? 0) + 1;
    const stored = { ...parameter, version, lastModifiedMs: clock() };
    parameters.set(parameter.name, stored);
    return stored;
  };
  const setValue = (name: string, value: string): StoredParameter => put({ ...existing(parameters, name), value });
  const server = await serveAwsJson(operationsOver(parameters, put));
  return { ...server, put, setValue, list: () => [...parameters.values()] };
}

function operationsOver(
  parameters: ReadonlyMap<string, StoredParameter>,
  put: (parameter: NewParameter) => StoredParameter,
): Record<string, AwsOperation> {
  return {
    GetParameter: ({ Name }) => ({ Parameter: wireFormat(existing(parameters, String(Name))) }),
    GetParameters({ Names }) {
      const names = (Names as string[] | undefined) ?? [];
      if (names.length === 0 || names.length > NAMES_MAX) {
        throw new AwsError('ValidationException', `Names must have 1 to ${NAMES_MAX} members, got ${names.length}`);
      }
      const found = names.filter((name) => parameters.has(name));
      return {
        Parameters: found.map((name) => wireFormat(existing(parameters, name))),
        InvalidParameters: names.filter((name) => !parameters.has(name)),
      };
    },
    PutParameter({ Name, Value, Type, Overwrite, AllowedPattern }) {
      const name = String(Name);
      const before = parameters.get(name);
      if (before && Overwrite !== true) {
        throw new AwsError(
          'ParameterAlreadyExists',
          'The parameter already exists. To overwrite it, set Overwrite to true.',
        );
      }
      const allowedPattern = AllowedPattern === undefined ? (before?.allowedPattern ?? null) : String(AllowedPattern);
      const type = String(Type ?? before?.type ?? 'String');
      const { version } = put({ name, value: String(Value), type, allowedPattern });
      return { Version: version, Tier: 'Standard' };
    },
  };
}

function existing(parameters: ReadonlyMap<string, StoredParameter>, name: string): StoredParameter {
  const parameter = parameters.get(name);
  if (!parameter) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
  return parameter;
}

function checkValue({ name, value, allowedPattern }: NewParameter): void {
  if (allowedPattern === null || new RegExp(allowedPattern).test(value)) return;
  throw new AwsError(
    'ParameterPatternMismatchException',
    `Parameter value, cannot be validated against allowedPattern: ${allowedPattern} (parameter ${name})`,
  );
}

function wireFormat(parameter: StoredParameter): object {
  return {
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.value,
    Version: parameter.version,
    LastModifiedDate: parameter.lastModifiedMs / 1000,
    ARN: `arn:aws:ssm:us-east-1:000000000000:parameter/${parameter.name.replace(/^\//, '')}`,
    DataType: 'text',
  };
}

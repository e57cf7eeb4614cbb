import { contractError } from '#core/errors.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './emulators/emulators.ts';

/** One resource of a CloudFormation template, as written. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** The parts of a CloudFormation template that the local cloud reads. */
export interface CloudTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
}

/** Which property names a resource, how its ARN continues after the account, and what `Ref` gives. */
interface Kind {
  readonly nameProperty: string;
  readonly service: string;
  readonly path: string;
  readonly ref: 'name' | 'arn' | 'url';
}

const NO_VALUE = Symbol('AWS::NoValue');
const pseudoParameters: Readonly<Record<string, unknown>> = {
  'AWS::Region': LOCAL_REGION,
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'local',
  'AWS::NoValue': NO_VALUE,
};

const kinds: Readonly<Record<string, Kind>> = {
  'AWS::DynamoDB::Table': { nameProperty: 'TableName', service: 'dynamodb', path: 'table/', ref: 'name' },
  'AWS::DynamoDB::GlobalTable': { nameProperty: 'TableName', service: 'dynamodb', path: 'table/', ref: 'name' },
  'AWS::SQS::Queue': { nameProperty: 'QueueName', service: 'sqs', path: '', ref: 'url' },
  'AWS::Kinesis::Stream': { nameProperty: 'Name', service: 'kinesis', path: 'stream/', ref: 'name' },
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', service: 'lambda', path: 'function:', ref: 'name' },
  'AWS::SSM::Parameter': { nameProperty: 'Name', service: 'ssm', path: 'parameter/', ref: 'name' },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', service: 'secretsmanager', path: 'secret:', ref: 'arn' },
  'AWS::SNS::Topic': { nameProperty: 'TopicName', service: 'sns', path: '', ref: 'arn' },
  'AWS::IAM::Role': { nameProperty: 'RoleName', service: 'iam', path: 'role/', ref: 'name' },
};

/**
 * Resolves the intrinsic functions of one template to names, ARNs and URLs of the local cloud.
 *
 * A resource has the name the template gives it, or its logical id where the template leaves the name to CloudFormation.
 * What only a real deployment could know is a contract error that names the place.
 */
export class Intrinsics {
  readonly #template: CloudTemplate;
  readonly #sqsEndpoint: string;

  constructor(template: CloudTemplate, sqsEndpoint: string) {
    this.#template = template;
    this.#sqsEndpoint = sqsEndpoint;
  }

  /** `value` with every intrinsic inside it replaced; `place` is named in errors. */
  resolve(value: unknown, place: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item, place)).filter((item) => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [key, argument] = entries[0] ?? ['', undefined];
    if (entries.length === 1 && (key === 'Ref' || key.startsWith('Fn::'))) return this.#intrinsic(key, argument, place);
    const resolved = entries.map(([name, item]) => [name, this.resolve(item, `${place}.${name}`)] as const);
    return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
  }

  /** Name of the resource with this logical id. */
  nameOf(id: string): string {
    return this.#identity(id, id).name;
  }

  /** ARN of the resource with this logical id. */
  arnOf(id: string): string {
    return this.#identity(id, id).arn;
  }

  #intrinsic(key: string, argument: unknown, place: string): unknown {
    if (key === 'Ref') return this.#reference(String(argument), place);
    if (key === 'Fn::Sub') return this.#substitute(argument, place);
    if (key === 'Fn::GetAtt') {
      const [id, attribute] = typeof argument === 'string' ? splitAtDot(argument) : (argument as [string, string]);
      return this.#attribute(id, attribute ?? '', place);
    }
    const [first, second] = this.resolve(argument, place) as [unknown, unknown];
    if (key === 'Fn::Join') return (second as unknown[]).join(String(first));
    if (key === 'Fn::Select') return (second as unknown[])[Number(first)];
    if (key === 'Fn::Split') return String(second).split(String(first));
    throw unresolvable(place, key);
  }

  #substitute(argument: unknown, place: string): string {
    const [text, given] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
    return text.replace(/\$\{([^!}][^}]*)\}/g, (_whole, name: string) => {
      if (name in given) return String(this.resolve(given[name], place));
      const [id, attribute] = splitAtDot(name);
      return String(attribute === undefined ? this.#reference(id, place) : this.#attribute(id, attribute, place));
    });
  }

  #reference(id: string, place: string): unknown {
    if (id in pseudoParameters) return pseudoParameters[id];
    const given = this.#template.Parameters?.[id]?.Default;
    if (given !== undefined) return given;
    if (this.#template.Resources[id]?.Type === 'AWS::Kinesis::StreamConsumer') return this.#consumerArn(id);
    const { name, arn, ref } = this.#identity(id, place);
    if (ref === 'url') return `${this.#sqsEndpoint}/${LOCAL_ACCOUNT}/${name}`;
    return ref === 'arn' ? arn : name;
  }

  #attribute(id: string, attribute: string, place: string): unknown {
    const type = this.#template.Resources[id]?.Type;
    if (type === 'AWS::Kinesis::StreamConsumer' && attribute === 'ConsumerARN') return this.#consumerArn(id);
    if (attribute === 'Arn') return this.#identity(id, place).arn;
    if (attribute === 'QueueName') return this.#identity(id, place).name;
    if (attribute === 'QueueUrl') return this.#reference(id, place);
    throw unresolvable(place, `attribute ${attribute} of ${describe(type)} ${id}`);
  }

  #consumerArn(id: string): string {
    const properties = this.resolve(this.#template.Resources[id]?.Properties, id) as Record<string, string>;
    // The last part is the creation time on AWS; here it only has to be the same each time.
    return `${properties.StreamARN}/consumer/${properties.ConsumerName}:1`;
  }

  #identity(id: string, place: string): { name: string; arn: string; ref: Kind['ref'] } {
    const resource = this.#template.Resources[id];
    const kind = kinds[resource?.Type ?? ''];
    if (!resource || !kind) throw unresolvable(place, `${describe(resource?.Type)} ${id}`);
    const given = resource.Properties?.[kind.nameProperty];
    const generated = resource.Properties?.FifoQueue === true ? `${id}.fifo` : id;
    const name = given === undefined ? generated : String(this.resolve(given, `${id}.${kind.nameProperty}`));
    const region = kind.service === 'iam' ? '' : LOCAL_REGION;
    const ending = kind.service === 'secretsmanager' ? '-local0' : '';
    const path = `${kind.path}${kind.service === 'ssm' ? name.replace(/^\//, '') : name}${ending}`;
    return { name, arn: `arn:aws:${kind.service}:${region}:${LOCAL_ACCOUNT}:${path}`, ref: kind.ref };
  }
}

function splitAtDot(path: string): [string, string | undefined] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, undefined] : [path.slice(0, dot), path.slice(dot + 1)];
}

function describe(type: string | undefined): string {
  return type ?? 'a resource that is not there,';
}

function unresolvable(place: string, what: string): Error {
  return contractError(`template, ${place}: the local cloud cannot resolve ${what}; only a deployment knows its value`);
}

/** Settings as people write them: JSON with comments → a plain value, and faults with the path and the line where they stand. */
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ZodError } from 'zod';
import type { Fault } from '../connector/options';

/** A fault with the line in the file where it stands. */
export interface FileFault extends Fault {
  readonly line?: number;
}

/** What is wrong, and with which value. */
export interface Finding {
  readonly at: readonly PropertyKey[];
  readonly message: string;
}

/** A text that is JSON. */
export interface JsonFile {
  readonly value: unknown;
  /** Every string of the file that is a value, with its place in the text (the quotes included). */
  strings(): Iterable<{ readonly text: string; readonly offset: number; readonly length: number }>;
  /** A finding as a fault of this file; where its path does not exist, its line is that of the nearest ancestor. */
  fault(finding: Finding, severity?: Fault['severity']): FileFault;
  /** What a schema has found, in the words of an operator; `kind` is what the file is: "a connector file". */
  faultsOf(error: ZodError, kind: string): FileFault[];
}

/** Parses a text; comments and trailing commas are allowed. Never throws: a text that is no JSON gives its faults. */
export function parseJsonFile(text: string): JsonFile | { readonly faults: readonly FileFault[] } {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  if (errors.length > 0 || tree === undefined) {
    const faults = errors.map(({ error, offset }) => ({
      path: '',
      line: lineOf(offset),
      message: `is not JSON: ${printParseErrorCode(error)}`,
      severity: 'fault' as const,
    }));
    return { faults: faults.length > 0 ? faults : [{ path: '', message: 'the file is empty', severity: 'fault' }] };
  }
  const fault = ({ at, message }: Finding, severity: Fault['severity'] = 'fault'): FileFault => {
    const node = findNearest(tree, at);
    return { path: pathText(at), ...(node ? { line: lineOf(node.offset) } : {}), message, severity };
  };
  return {
    value: toValue(tree),
    strings: () => stringsOf(tree),
    fault,
    faultsOf: (error, kind) => findingsOf(error, kind).map((finding) => fault(finding)),
  };
}

/** The findings of a schema, those of unknown keys one by one. */
export function findingsOf(error: ZodError, kind: string): Finding[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ at: [...issue.path, key], message: `is no key of ${kind}` }));
    }
    const message = issue.message
      .replace(/^Invalid input: /, '')
      .replace(/^expected (.+), received undefined$/, 'is missing; its type is $1');
    return [{ at: issue.path, message }];
  });
}

/** The node at the path or, where that does not exist, its nearest ancestor. */
function findNearest(tree: Node, path: readonly PropertyKey[]): Node | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(
      tree,
      path.slice(0, length).map((part) => (typeof part === 'number' ? part : String(part))),
    );
    if (node !== undefined) return node;
  }
  return undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** The tree as plain values; objects have no prototype, so that no key of the file can mean anything else. */
function toValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(toValue);
  if (node.type !== 'object') return node.value;
  const object: Record<string, unknown> = Object.create(null);
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key !== undefined && value !== undefined) object[String(key.value)] = toValue(value);
  }
  return { ...object };
}

function* stringsOf(node: Node): Generator<{ text: string; offset: number; length: number }> {
  if (node.type === 'string') yield { text: String(node.value), offset: node.offset, length: node.length };
  // The first child of a property is its key.
  const values = node.type === 'property' ? (node.children ?? []).slice(1) : (node.children ?? []);
  for (const child of values) yield* stringsOf(child);
}

/** What the tests of expressions are evaluated with. */
import { type AttributeValue, evaluate, parseExpression, type Scope } from '../../src/mapping/expression';

const NOW = new Date('2021-07-02T15:33:38.250Z');

/** Octets 0, 1, 2 … so that what is random can be foreseen. */
function countingRandom(): Scope['random'] {
  let next = 0;
  return (length) => Uint8Array.from({ length }, () => next++ % 256);
}

export function scopeOf(attributes: Record<string, AttributeValue> = {}): Scope {
  return {
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    now: () => NOW,
    random: countingRandom(),
  };
}

export const attributes: Record<string, AttributeValue> = {
  upn: 'ada.lovelace@contoso.com',
  mail: 'john.doe@contoso.com',
  given: 'John',
  surname: 'Doe',
  country: 'USA',
  state: 'QLD',
  empty: '',
  proxies: ['smtp:a@x', 'smtp:b@x', 'smtp:a@x'],
  one: ['only'],
  none: [],
  yes: true,
  no: false,
  number: 42,
  phone: '+91 9998887777',
  hired: '2012-03-16-07:00',
  binaryName: 'a\0b',
};

/** The value of an expression; `IGNORED` where the attribute is dropped from the flow. */
export function run(text: string, scope = scopeOf(attributes)): unknown {
  const result = evaluate(parseExpression(text), scope);
  return result.kind === 'ignore' ? 'IGNORED' : result.value;
}

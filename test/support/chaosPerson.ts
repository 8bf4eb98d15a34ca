/** A person as far as one client knows: what was acknowledged, and what may be so because an answer never came. */
export interface Person {
  readonly connector: string;
  readonly number: string;
  readonly password: string;
  id: string;
  names: Set<string>;
  titles: Set<string>;
  actives: Set<boolean>;
  mayBeThere: boolean;
  mayBeGone: boolean;
  /** An operation was given up: nobody touches it again. */
  left: boolean;
}

/** Somebody who is asked for under a name and of whom nothing has been heard yet. */
export function personOf(connector: string, number: string, userName: string, password: string): Person {
  return {
    connector,
    number,
    password,
    id: '',
    names: new Set([userName]),
    titles: new Set(['New']),
    actives: new Set([true]),
    mayBeThere: true,
    mayBeGone: true,
    left: false,
  };
}

/** From what was found of a directory to a connector file that opens as it stands. */
import { DN } from '../directory/dn';
import type { DirectoryFinding } from './discovery';
import type { ClassFinding, Population } from './population';

/** How the file says that the directory is reached. */
export interface ProposedConnectivity {
  readonly host: string;
  /** Absent: the default of the binding. */
  readonly port?: number;
  readonly binding: 'Anonymous' | 'Basic' | 'SSL' | 'TLS';
  readonly userName?: string;
  /** A reference, never the password. */
  readonly password?: string;
  readonly certificate?: { readonly ca?: string; readonly thumbprint?: string };
}

/** A connector file as plain data, in the order in which it is written. */
export type ProposedFile = Readonly<Record<string, unknown>>;

/** More containers than these are named by what is above them. */
const mostContainers = 4;
const matchingCandidates = ['mail', 'employeeNumber', 'employeeID', 'userPrincipalName'];
const groupsWithMembers = ['groupOfNames', 'groupOfUniqueNames', 'group', 'groupOfMembers'];
const fallbackClasses = ['inetOrgPerson', 'user', 'organizationalPerson', 'person'];

/** Proposes a file. Without people to go by it names the usual class below the first naming context. */
export function proposeConnector(
  finding: DirectoryFinding,
  connectivity: ProposedConnectivity,
  withGroups: boolean,
): ProposedFile | undefined {
  const person = mostOf(finding.populations, ({ people }) => people);
  const group = withGroups
    ? mostOf(finding.populations, ({ groups }) =>
        groups.filter(({ objectClass }) =>
          groupsWithMembers.some((name) => name.toLowerCase() === objectClass.toLowerCase()),
        ),
      )
    : undefined;
  const home = person?.population ?? finding.populations[0];
  const fallback = fallbackClasses.find((name) => finding.attributesOf([name]) !== undefined);
  const targetObject = person?.found.objectClass ?? fallback;
  if (home === undefined || targetObject === undefined) return undefined;
  const sameContext = group !== undefined && group.population === home;
  const userContainers = person === undefined ? [] : containersOf(person.found, home.top);
  const groupContainers = sameContext ? containersOf(group.found, home.top) : [];
  const containers = userContainers.length === 0 ? [] : outermost([...userContainers, ...groupContainers]);
  const whole = containers.includes(home.top);
  const { proposedAnchor } = finding.description;
  const anchor = proposedAnchor === 'dn' ? {} : { anchor: proposedAnchor };
  return {
    description: `${finding.productName} at ${connectivity.host}`,
    connectivity,
    // A source, until somebody who knows better says otherwise.
    ...(finding.writing === undefined ? {} : { runProfiles: { export: { enabled: false } } }),
    partitions: [{ dn: home.top, ...(containers.length === 0 || whole ? {} : { containers }) }],
    objectTypes: [
      {
        resourceType: 'User',
        targetObject,
        ...anchor,
        matchingAttributes: matchingOf(finding, targetObject),
        ...(computersAreUsers(finding) ? { filter: '(!(objectClass=computer))' } : {}),
        ...(person === undefined ? {} : { container: person.found.containers[0] }),
      },
      ...(sameContext
        ? [
            {
              resourceType: 'Group',
              targetObject: group.found.objectClass,
              ...anchor,
              container: group.found.containers[0],
            },
          ]
        : []),
    ],
  };
}

function matchingOf(finding: DirectoryFinding, targetObject: string): readonly string[] {
  const allowed = new Set(finding.attributesOf([targetObject])?.map((name) => name.toLowerCase()));
  return matchingCandidates.filter((name) => allowed.has(name.toLowerCase())).slice(0, 2);
}

/**
 * In Active Directory a computer is a user, by its class. Where the schema has no computers, as in AD LDS, the negation
 * would be Undefined and match nobody (RFC 4511 §4.5.1.7).
 */
function computersAreUsers({ description, attributesOf }: DirectoryFinding): boolean {
  return description.proposedAnchor === 'objectGUID' && attributesOf(['computer']) !== undefined;
}

function mostOf(
  populations: readonly Population[],
  select: (population: Population) => readonly ClassFinding[],
): { population: Population; found: ClassFinding } | undefined {
  const all = populations.flatMap((population) => select(population).map((found) => ({ population, found })));
  return all.sort((a, b) => b.found.count - a.found.count)[0];
}

function containersOf({ containers }: ClassFinding, top: string): readonly string[] {
  const few = outermost(containers);
  if (few.length <= mostContainers) return few;
  return [commonAncestor(few.map((text) => DN.parse(text)))?.toString() ?? top];
}

/** Without those that are below another one. */
function outermost(containers: readonly string[]): string[] {
  const names = containers.map((text) => DN.parse(text));
  return names
    .filter((dn, index) =>
      names.every(
        (other, position) => position === index || !dn.isWithin(other) || (dn.equals(other) && position > index),
      ),
    )
    .map((dn) => dn.toString());
}

function commonAncestor(names: readonly DN[]): DN | undefined {
  let ancestor = names[0];
  while (ancestor !== undefined && !ancestor.isRoot) {
    const candidate = ancestor;
    if (names.every((dn) => dn.isWithin(candidate))) return candidate;
    ancestor = ancestor.parent;
  }
  return undefined;
}

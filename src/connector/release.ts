/** Whatever opens pushes its release on a stack; closing is opening backwards. */

/** Runs releases backwards, each on its own: one that fails keeps nothing else open. Running them again does nothing. */
export async function releaseAll(releases: (() => Promise<void>)[]): Promise<void> {
  for (const release of releases.splice(0).reverse()) await release().catch(() => undefined);
}

/** Passwords that nobody has chosen. */

/** Without characters that look like others. Most policies ask for one of each kind. */
const KINDS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '!#$%*+-.:=?@_~'];

/**
 * A password of so many characters, each as likely as the others; without `characters` of letters, digits and signs with one
 * of each kind at least. @param random as `crypto.randomBytes`
 */
export function randomPassword(
  length: number,
  characters: string | undefined,
  random: (length: number) => Uint8Array,
): string {
  const alphabet = [...new Set(characters ?? KINDS.join(''))];
  for (;;) {
    const password = Array.from({ length }, () => alphabet[below(alphabet.length, random)] ?? '').join('');
    // Drawn again as a whole where a kind is missing, so that no place is more likely to hold one.
    if (characters !== undefined || KINDS.every((kind) => [...kind].some((one) => password.includes(one))))
      return password;
  }
}

/** A number from 0 up to, and without, the limit (at most 65536). */
function below(limit: number, random: (length: number) => Uint8Array): number {
  // Numbers beyond the last whole multiple would make the first characters more likely.
  const usable = 65_536 - (65_536 % limit);
  for (;;) {
    const [high = 0, low = 0] = random(2);
    const number = high * 256 + low;
    if (number < usable) return number % limit;
  }
}

/** What to do about a refused bind, as exactly as the server lets one know. */
import { type BindAnswer, type BindCause, causeOf } from '../directory/bindProbe';

const advice: Readonly<Record<BindCause, string>> = {
  locked:
    'the account is locked (too many wrong passwords): unlock it in the directory, then correct the password here before anything tries again',
  disabled: 'the account is disabled: enable it in the directory',
  wrongPassword: 'the user is known and the password is wrong: correct the password',
  unknownUser: 'the directory knows no such user: correct the user name',
  passwordExpired: 'the password has expired: set a new one in the directory and here',
  passwordMustChange:
    'the password has to be changed before it can be used: set a new one in the directory, without that mark',
  accountExpired: 'the account has expired: extend it in the directory',
  notHereOrNow: 'the account may not log on at this hour or from this machine: lift that in the directory',
  notWithoutTls: 'the server takes passwords over TLS only: use LDAPS or StartTLS (binding SSL or TLS)',
  malformedName: 'the user name is none that this server takes: give a DN (or user@domain for Active Directory)',
  refused: 'user name or password is wrong, or the account is locked or disabled: the server does not say which',
};

/** What a refusal means and what to do, as a clause. */
export function bindAdvice(answer: BindAnswer): string {
  return advice[causeOf(answer)];
}

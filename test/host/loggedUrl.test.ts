/** What the log shows of a URL: never a value that was asked for, however often the same is asked. */
import fc from 'fast-check';
import { loggedUrl } from '../../src/host/loggedUrl';

const url = (filter: string, more = '') => `/ecma2host_hr/scim/Users?filter=${encodeURIComponent(filter)}${more}`;

test.each([
  ['userName eq "anna"', 'filter=userName eq …'],
  ['emails[type eq "work"].value eq "anna@example.com"', 'filter=emails [ type eq … ] .value eq …'],
  ['"anna" eq userName', 'filter=… eq …'],
  ['userName eq "an\\"na"', 'filter=userName eq …'],
  ['userName eq "anna', 'filter=userName eq …'],
])('%s', (filter, query) => {
  for (let times = 0; times < 2; times += 1)
    expect(loggedUrl(url(filter))).toEqual({ path: '/ecma2host_hr/scim/Users', query });
});

test('quoted names in another parameter are shown as they came', () => {
  for (const name of ['title', 'emails'])
    expect(loggedUrl(url('userName eq "a"', `&attributes=%22${name}%22`)).query).toBe(
      `filter=userName eq …&attributes="${name}"`,
    );
});

test('it is the same whether the form is known or not', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '"', '\\', '&', '+', '%', '%22', 'eq', '[', 'é'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, text, fc.constantFrom('filter', 'attributes', 'token'), (value, other, name) => {
      const search = `${name}=${encodeURIComponent(`userName eq "${other}" or x eq "${value}"`)}`;
      // Quotation marks that are not encoded are no form.
      expect(loggedUrl(`/Users?${search}`)).toEqual(loggedUrl(`/Users?${search.replaceAll('%22', '"')}`));
    }),
  );
});

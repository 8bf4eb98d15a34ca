/** Samba AD, the real server: the tests that every directory must pass, and users and groups over SCIM. */
import { testProduct } from './product';
import { runScimTests } from './scim';

testProduct('Samba AD', 'samba', (server) => runScimTests(server, { disabledBinds: false }));

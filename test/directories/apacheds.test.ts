/** ApacheDS, the real server: the tests that every directory must pass, and users and groups over SCIM. */
import { testProduct } from './product';
import { runScimTests } from './scim';

testProduct('ApacheDS', 'apacheds', (server) => runScimTests(server, { disabledBinds: true }));

/** 389 Directory Server, the real server: the tests that every directory must pass, and users and groups over SCIM. */
import { testProduct } from './product';
import { runScimTests } from './scim';

testProduct('389 Directory Server', '389ds', (server) => runScimTests(server, { disabledBinds: false }));

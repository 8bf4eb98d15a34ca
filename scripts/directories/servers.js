/** The directory servers that can be started here, by the name of their product: real ones, and emulations of others. */

const { startApacheds, stopApacheds } = require('./apacheds');
const { startDirsrv, stopDirsrv } = require('./dirsrv');
const { emulations } = require('./emulated');
const { startOpenLdap, stopOpenLdap } = require('./openldap');
const { startSamba, stopSamba } = require('./samba');

const servers = {
  openldap: { name: 'OpenLDAP', port: 3389, start: startOpenLdap, stop: stopOpenLdap },
  '389ds': { name: '389 Directory Server', port: 3489, start: startDirsrv, stop: stopDirsrv },
  samba: { name: 'Samba AD', port: 3589, start: startSamba, stop: stopSamba },
  apacheds: { name: 'ApacheDS', port: 3689, start: startApacheds, stop: stopApacheds },
  ...emulations,
};

/** The products whose own server runs, not an emulation. */
const realProducts = Object.keys(servers).filter((product) => !Object.hasOwn(emulations, product));

/** The products that arguments name: none names OpenLDAP, `all` every real one. Throws for one that is unknown. */
function productsNamed(names) {
  if (names.length === 0) return ['openldap'];
  if (names.includes('all')) return realProducts;
  const unknown = names.find((name) => !Object.hasOwn(servers, name));
  if (unknown !== undefined)
    throw new Error(`There is no server "${unknown}": name ${Object.keys(servers).join(', ')} or all.`);
  return names;
}

module.exports = { servers, realProducts, productsNamed };

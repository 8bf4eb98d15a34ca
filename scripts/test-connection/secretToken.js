// @ts-check
/** Where the secret token comes from: a file, the environment, or the keyboard. Never the command line. */

const { readFileSync } = require('node:fs');
const { Exit, Failure, messageOf } = require('./failure');

/**
 * @param {{ secretTokenFile?: string }} options
 * @returns {Promise<string>}
 */
async function secretToken(options) {
  const token = options.secretTokenFile === undefined ? process.env.SECRET_TOKEN : fromFile(options.secretTokenFile);
  const given = token ?? (await ask('Secret token: '));
  if (!/^[\x21-\x7e\x80-\uffff]+$/.test(given)) {
    throw new Failure(
      Exit.usage,
      'The secret token is empty or contains blanks: give it exactly as it was configured.',
    );
  }
  return given;
}

/** @param {string} file */
function fromFile(file) {
  try {
    return (readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? '').trim();
  } catch (error) {
    throw new Failure(Exit.usage, `The secret token cannot be read from ${file}: ${messageOf(error)}.`);
  }
}

/**
 * Asks on the terminal, which shows a star for each character.
 * @param {string} question
 * @returns {Promise<string>}
 */
function ask(question) {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new Failure(
      Exit.usage,
      'There is no terminal on which to ask for the secret token: set SECRET_TOKEN or use --secret-token-file.',
    );
  }
  return new Promise((resolve, reject) => {
    let typed = '';
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.setEncoding('utf8');
    /** @param {string} text */
    const listen = (text) => {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === '\u0004') return end(() => resolve(typed));
        if (character === '\u0003') return end(() => reject(new Failure(Exit.usage, 'Cancelled.')));
        if (character === '\u007f' || character === '\b') {
          if (typed !== '') stderr.write('\b \b');
          typed = [...typed].slice(0, -1).join('');
        } else if (character >= ' ') {
          typed += character;
          stderr.write('*');
        }
      }
    };
    /** @param {() => void} next */
    const end = (next) => {
      stdin.off('data', listen);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      next();
    };
    stdin.on('data', listen);
  });
}

module.exports = { secretToken };

/** The templates of a folder, with the built-in ones for those that it does not have. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../hostError';
import {
  builtInTemplates,
  parseTemplate,
  type Template,
  type TemplateName,
  type Templates,
  templateFaults,
} from './template';

/** @throws HostError that names the file and what is wrong with it */
export function readTemplates(folder: string | undefined): Templates {
  if (folder === undefined) return builtInTemplates;
  if (!existsSync(folder)) throw new HostError(`There is no folder ${folder}: notifications.templates names it.`);
  const read = (name: TemplateName): [string, Template] => [name, readTemplate(folder, name)];
  const names = Object.keys(builtInTemplates) as TemplateName[];
  return Object.fromEntries(names.map(read)) as unknown as Templates;
}

function readTemplate(folder: string, name: TemplateName): Template {
  const file = join(folder, `${name}.txt`);
  const text = textOf(file);
  if (text === undefined) return builtInTemplates[name];
  let template: Template;
  try {
    template = parseTemplate(text, textOf(join(folder, `${name}.html`)));
  } catch (error) {
    throw new HostError(`The template ${file} cannot be used: ${error instanceof Error ? error.message : error}.`);
  }
  const [fault] = templateFaults(name, template);
  if (fault !== undefined) throw new HostError(`The template ${file} cannot be used: ${fault}.`);
  return template;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HostError(`The template ${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}

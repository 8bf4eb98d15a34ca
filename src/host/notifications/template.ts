/** Templates of notifications: text with `{%token%}` placeholders, and HTML beside it where somebody wants that. */

/** The templates, and the tokens that each of them may have. */
export const templateTokens = {
  errorNotification: ['host', 'connector', 'at', 'problem', 'detail', 'advice'],
  resolved: ['host', 'connector', 'at', 'problem', 'since'],
  completedRun: [
    'host',
    'connector',
    'at',
    'profile',
    'started',
    'outcome',
    'seen',
    'added',
    'updated',
    'unchanged',
    'deleted',
    'failed',
  ],
  createdAccount: [
    'host',
    'connector',
    'at',
    'dn',
    'userName',
    'displayName',
    'givenName',
    'familyName',
    'mail',
    'password',
  ],
} as const;

export type TemplateName = keyof typeof templateTokens;

/** Values of the tokens of one template. */
export type Tokens<Name extends TemplateName = TemplateName> = Readonly<
  Record<(typeof templateTokens)[Name][number], string>
>;

/** One template. A subject has one line. */
export interface Template {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export type Templates = Readonly<Record<TemplateName, Template>>;

/** What stands in the files of the project until somebody writes others. */
export const builtInTemplates: Templates = {
  errorNotification: {
    subject: '[{%host%}] {%connector%}: {%problem%}',
    text: `{%problem%}

Connector:  {%connector%}
Host:       {%host%}
Since:      {%at%}

{%detail%}

What to do: {%advice%}

You are told once; another mail follows when it is over.
`,
  },
  resolved: {
    subject: '[{%host%}] {%connector%}: over: {%problem%}',
    text: `This is over: {%problem%}

Connector:  {%connector%}
Host:       {%host%}
From:       {%since%}
Until:      {%at%}
`,
  },
  completedRun: {
    subject: '[{%host%}] {%connector%}: {%profile%} ended: {%outcome%}',
    text: `{%profile%} ended: {%outcome%}

Connector:  {%connector%}
Host:       {%host%}
Started:    {%started%}
Ended:      {%at%}

Read        {%seen%}
Added       {%added%}
Updated     {%updated%}
Unchanged   {%unchanged%}
Deleted     {%deleted%}
Failed      {%failed%}
`,
  },
  createdAccount: {
    subject: 'An account was created: {%userName%}',
    text: `An account was created for {%displayName%}.

User name:            {%userName%}
Single-use password:  {%password%}

Change the password when you sign in for the first time, and delete this mail.
`,
  },
};

const placeholder = /\{%\s{0,8}([A-Za-z]{1,40})\s{0,8}%\}/g;

/** What is wrong with a template: tokens that it cannot have. */
export function templateFaults(name: TemplateName, { subject, text, html = '' }: Template): string[] {
  const allowed: readonly string[] = templateTokens[name];
  const used = [subject, text, html].flatMap((part) => [...part.matchAll(placeholder)].map(([, token = '']) => token));
  return [...new Set(used)]
    .filter((token) => !allowed.includes(token))
    .map((token) => `{%${token}%} is no token of ${name}: it has ${allowed.map((one) => `{%${one}%}`).join(' ')}`);
}

/** `Subject: …`, an empty line, and the text. @throws Error that says what is missing */
export function parseTemplate(text: string, html?: string): Template {
  const [, subject, body] = /^\uFEFF?Subject:[ \t]*(\S[^\r\n]*)\r?\n\r?\n([\s\S]*)$/i.exec(text) ?? [];
  if (subject === undefined || body === undefined)
    throw new Error('its first line has to be "Subject: …", and its second one empty');
  return { subject: subject.trim(), text: body, ...(html === undefined ? {} : { html }) };
}

/** A template with its tokens put in. Values are data: they cannot end a subject's line, and in HTML they are text. */
export function render({ subject, text, html }: Template, tokens: Readonly<Record<string, string>>): Template {
  const put = (part: string, written: (value: string) => string) =>
    part.replace(placeholder, (_all, token: string) =>
      written(Object.hasOwn(tokens, token) ? (tokens[token] ?? '') : ''),
    );
  return {
    subject: put(subject, (value) => value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')).slice(0, 250),
    text: put(text, (value) => value),
    ...(html === undefined ? {} : { html: put(html, escapeHtml) }),
  };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

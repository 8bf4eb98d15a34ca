/** What can be wrong with a SQLite file, and what to do about it. */

/** The file's content is damaged; nothing read from it can be trusted. */
export class DatabaseDamaged extends Error {
  override readonly name = 'DatabaseDamaged';
  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} is damaged: ${reason}`, options);
  }
}

/** The file was written by a newer release. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew';
  constructor(
    readonly file: string,
    readonly version: number,
    readonly known: number,
  ) {
    super(
      `${file} has schema version ${version}, this release knows versions up to ${known}: start the release that wrote it, or restore a copy from before the upgrade`,
    );
  }
}

/** The file was written by a release that is too long ago for its content to be converted. */
export class DatabaseTooOld extends Error {
  override readonly name = 'DatabaseTooOld';
  constructor(
    readonly file: string,
    readonly version: number,
  ) {
    super(
      `${file} has schema version ${version}, which this release does not convert: start the host, which makes it anew`,
    );
  }
}

/** Another process has held the file for longer than the busy timeout (5 s). */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';
  constructor(
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(`${file} is locked by another process: is a second host running on the same folder?`, options);
  }
}

/** Nothing more can be written to the file. */
export class DatabaseFull extends Error {
  override readonly name = 'DatabaseFull';
  constructor(
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be written: the disk is full, or a limit is reached. Make room there`, options);
  }
}

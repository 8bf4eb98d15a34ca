#!/usr/bin/env node
/** Runs the command line and sets the exit code. */
import { run } from './cli/run';

void run(process.argv);

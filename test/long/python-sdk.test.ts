import { describePythonPrompts, describePythonSdk } from '../python-sdk/python-sdk.ts';

// `bash test/install-parts.sh long` installs them.
describePythonSdk('3.15.0');
describePythonSdk('4.18.0');
describePythonPrompts('3.15.0');
describePythonPrompts('4.18.0');

import { describePythonPrompts, describePythonSdk, describePythonSdk2 } from '../python-sdk/python-sdk.ts';

// The oldest that is installed in numbers, and the newest; those between are in test/long.
describePythonSdk2();
describePythonSdk('5.0.4');
describePythonPrompts('2.60.10');
describePythonPrompts('5.0.4');

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the recorded traffic lies: beside the repository, never in it. */
const contractFolder = fileURLToPath(new URL('../../../shared/contract/', import.meta.url));

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

type Body = null | { json: Json } | { text: string } | { base64: string };

/** One line of `golden/<group>.jsonl`; its README gives the form. */
export interface GoldenCase {
  n: number;
  group: string;
  case: string;
  request: { method: string; path: string; headers: Record<string, string>; body: Body };
  /** The request with `<<name>>` where values saved from earlier answers belong. */
  template?: { path?: string; body?: Json };
  save?: Record<string, string>;
  response: { status: number; headers: Record<string, string>; body: Body | { html: number } };
}

/** One recorded request of a published client. */
export interface FixtureRequest {
  seq: number;
  method: string;
  path: string;
  query: [string, string][];
  headers: Record<string, string>;
  bodyType: 'json' | 'base64' | 'text' | 'none' | 'empty';
  body?: Json;
  /** What the protobuf body says, as OTLP/JSON. */
  decoded?: JsonObject;
}

export interface Fixture {
  name: string;
  requests: FixtureRequest[];
  /** What a real server answered to reads after the same traffic. */
  readback: Readback | null;
}

export interface Readback {
  replies: { seq: number; status: number; body: Json }[];
  /** `GET /traces/{id}` of every trace. */
  traces: JsonObject[];
  /** `GET /v2/observations` with all field groups. */
  observationsV2: JsonObject[];
  sessions?: JsonObject[];
}

export function readGolden(group: string): GoldenCase[] {
  return readText(`golden/${group}.jsonl`)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as GoldenCase);
}

export function readFixtures(): Fixture[] {
  requireFolder();
  return readdirSync(`${contractFolder}fixtures`)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const { requests } = JSON.parse(readText(`fixtures/${file}`)) as { requests: FixtureRequest[] };
      const readback = existsSync(`${contractFolder}fixtures/readback/${file}`)
        ? (JSON.parse(readText(`fixtures/readback/${file}`)) as Readback)
        : null;
      return { name: file.replace('.json', ''), requests, readback };
    });
}

function readText(path: string): string {
  requireFolder();
  return readFileSync(contractFolder + path, 'utf8');
}

function requireFolder(): void {
  if (existsSync(contractFolder)) return;
  throw new Error(
    `The recorded contract is not at ${contractFolder}: this replay needs it there, beside the repository; npm test does not`,
  );
}

// Records what published clients send: node test/record/record.ts [name…]
// A scenario in Python says in its first line what it needs: RECORD_PYTHON names a Python that has it, and without one those are
// left out. One that is not in package.json (mastra.ts) finds its packages in the folder RECORD_MODULES.
// Each scenario is a process of its own (OpenTelemetry keeps its state in globals), pointed at a server that keeps what it gets.
// The mapping's test reads the recordings; a changed one is a diff to review.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { startFakeModel } from '../harness/fake-model.ts';

export interface Recording {
  client: string;
  /** Published packages that were used, with their versions. */
  packages: Record<string, string>;
  recordedOn: string;
  requests: RecordedRequest[];
}

/** One export. Compression is taken off; the JSON body is kept as JSON, so that it can be read and reviewed. */
export interface RecordedRequest {
  /** Traces when it is not said; events are batches of the JSON door. */
  signal?: 'logs' | 'events';
  headers: Record<string, string>;
  body: { json: unknown } | { base64: string };
}

const fixtures = new URL('../../fixtures/', import.meta.url);
const scenarios = new URL('scenarios/', import.meta.url);
const json = { 'content-type': 'application/json' };
const keptHeaders = [
  'content-type',
  'content-encoding',
  'x-langfuse-sdk-name',
  'x-langfuse-sdk-version',
  'x-langfuse-ingestion-version',
];

const python = process.env['RECORD_PYTHON'];
const modules = process.env['RECORD_MODULES'];
const files = readdirSync(scenarios).filter((file) =>
  file === 'mastra.ts' ? modules !== undefined : file.endsWith('.ts') || python !== undefined,
);
const wanted = process.argv.slice(2);
for (const file of files) if (wanted.length === 0 || wanted.includes(nameOf(file))) await record(file);

async function record(file: string): Promise<void> {
  const name = nameOf(file);
  const requests: RecordedRequest[] = [];
  const model = await startFakeModel();
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const path = request.url ?? '';
      if (path === '/api/public/ingestion') {
        requests.push({ signal: 'events', ...toRecorded(request.headers, body) });
        const { batch } = JSON.parse(body.toString()) as { batch: { id: string }[] };
        const successes = batch.map(({ id }) => ({ id, status: 201 }));
        response.writeHead(207, json).end(JSON.stringify({ successes, errors: [] }));
        return;
      }
      const signal = /\/v1\/(traces|logs)$/.exec(path)?.[1];
      if (signal !== undefined) {
        const recorded = toRecorded(request.headers, body);
        requests.push(signal === 'logs' ? { signal, ...recorded } : recorded);
      }
      // What clients ask for before they send.
      const project = { id: 'recorded', name: 'recorded', organization: { id: 'o', name: 'o' }, metadata: {} };
      response.writeHead(200, json).end(JSON.stringify(path.endsWith('/projects') ? { data: [project] } : {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const printed = await run(file, { RECORD_URL: url, MODEL_URL: model.url });
    const recording: Recording = {
      client: name,
      packages: JSON.parse(printed) as Record<string, string>,
      recordedOn: new Date().toISOString().slice(0, 10),
      requests,
    };
    const text = JSON.stringify(recording, null, 1);
    writeFileSync(new URL(`${name}.json`, fixtures), `${text}\n`);
    process.stdout.write(`${name}: ${requests.length} requests, ${text.length} bytes\n`);
  } finally {
    await model.stop();
    server.closeAllConnections();
    server.close();
  }
}

/** Runs a scenario; its last line are its packages and their versions. */
async function run(file: string, env: Record<string, string>): Promise<string> {
  // -P: a scenario may have the name of its library.
  const [command, options] = file.endsWith('.py') ? [python!, ['-P']] : [process.execPath, []];
  const child = spawn(command, [...options, new URL(file, scenarios).pathname], {
    env: { ...process.env, ...env, PYTHONPATH: new URL('.', import.meta.url).pathname },
  });
  child.stderr.pipe(process.stderr);
  const [output, code] = await Promise.all([
    buffer(child.stdout),
    new Promise<number | null>((done) => child.once('close', done)),
  ]);
  if (code !== 0) throw new Error(`scenario ${file} ended with ${code}`);
  return output.toString().trim().split('\n').at(-1)!;
}

function toRecorded(headers: NodeJS.Dict<string | string[]>, received: Buffer): RecordedRequest {
  const body = withoutPlaces(headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received);
  const kept = keptHeaders.flatMap((header) =>
    headers[header] === undefined ? [] : [[header, String(headers[header])]],
  );
  return {
    headers: Object.fromEntries(kept) as Record<string, string>,
    body: headers['content-type']?.includes('json')
      ? { json: JSON.parse(body.toString()) }
      : { base64: body.toString('base64') },
  };
}

/** Where the machine keeps its files and listens, replaced by text of the same length: protobuf counts bytes. */
function withoutPlaces(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const places = [
    ...[process.cwd(), modules, python?.replace(/\/bin\/[^/]*$/, '')].flatMap((path) => (path ? [path] : [])),
    hostname(),
  ];
  const hidden = places.reduce(
    (rest, place) => rest.replaceAll(place, `/srv${'_'.repeat(place.length)}`.slice(0, place.length)),
    text,
  );
  return Buffer.from(
    hidden.replaceAll(/127\.0\.0\.1:\d+/g, (place) => 'model.example.org.test'.slice(0, place.length)),
    'latin1',
  );
}

function nameOf(file: string): string {
  return file.replace(/\.(ts|py)$/, '');
}

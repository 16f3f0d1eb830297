// Both official clients against one server: a rule is written, events are sent, and the incident that comes of them is
// worked on and closed.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { SecurityInsights } from '@azure/arm-securityinsight';
import { LogsIngestionClient } from '@azure/monitor-ingestion';

const { SERVER, TOKEN, SUBSCRIPTION, GROUP, WORKSPACE } = process.env;
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3600_000 }) };
const sentinel = new SecurityInsights(credential, SUBSCRIPTION, { endpoint: SERVER, $host: SERVER });
const logs = new LogsIngestionClient(SERVER, credential, {});
const at = [GROUP, WORKSPACE];

await sentinel.alertRules.createOrUpdate(...at, '9d1c0de0-0000-4000-8000-000000000001', {
  kind: 'NRT', displayName: 'Many failures', enabled: true, severity: 'High', tactics: ['CredentialAccess'], techniques: ['T1110'],
  query: 'Doors_CL | where Result == "denied" | summarize Denied = count() by Badge | where Denied > 50',
  suppressionEnabled: false, suppressionDuration: 'PT5H', customDetails: { Denied: 'Denied' },
  entityMappings: [{ entityType: 'Account', fieldMappings: [{ identifier: 'Name', columnName: 'Badge' }] }],
  incidentConfiguration: { createIncident: true, groupingConfiguration: { enabled: true, reopenClosedIncident: false, lookbackDuration: 'PT5H', matchingMethod: 'AllEntities' } },
});
await pause(1500); // the rule's first window
const events = [];
for (let n = 0; n < 5000; n++) {
  events.push({ TimeGenerated: new Date(), Badge: `badge-${n % 100 === 7 ? 7 : n}`, Result: n % 100 === 7 || n % 9 === 0 ? 'denied' : 'granted', Note: 'ä'.repeat(40) });
}
// More than fifty denials of badge 7 in one commit: the client sends bodies of at most a megabyte.
for (let n = 0; n < 60; n++) events.unshift({ TimeGenerated: new Date(), Badge: 'badge-7', Result: 'denied', Note: '' });
await logs.upload('default', 'Custom-Doors_CL', events);

let incident;
for (let n = 0; n < 200 && !incident; n++) {
  for await (const i of sentinel.incidents.list(...at, { filter: "properties/status eq 'New'" })) incident = i;
  if (!incident) await pause(50);
}
assert.equal(incident?.title, 'Many failures');
const { entities } = await sentinel.incidents.listEntities(...at, incident.name);
assert.deepEqual(entities.map((e) => e.accountName), ['badge-7']);
await sentinel.incidentComments.createOrUpdate(...at, incident.name, 'c-1', { message: 'a worn badge' });
const current = await sentinel.incidents.get(...at, incident.name);
const closed = await sentinel.incidents.createOrUpdate(...at, incident.name, { ...current, status: 'Closed', classification: 'BenignPositive', classificationReason: 'SuspiciousButExpected' });
console.log(events.length, 'sent;', closed.title, closed.status, closed.classification);

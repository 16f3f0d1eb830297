// Drives a server by the official client of Microsoft.SecurityInsights: everything a user of it would do.
import assert from 'node:assert/strict';
import { SecurityInsights } from '@azure/arm-securityinsight';

const { SERVER, TOKEN, SUBSCRIPTION, GROUP, WORKSPACE, ALERT } = process.env;
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3600_000 }) };
const client = new SecurityInsights(credential, SUBSCRIPTION, { endpoint: SERVER, $host: SERVER, retryOptions: { maxRetries: 0 } });
const at = [GROUP, WORKSPACE];
const all = async (pages) => { const out = []; for await (const x of pages) out.push(x); return out; };
const fails = async (status, code, promise) => {
  const e = await promise.then(() => assert.fail('no error'), (e) => e);
  assert.equal(e.statusCode, status, e.message);
  assert.equal(e.code, code, e.message);
  return e;
};
const steps = [];
const step = async (name, f) => { await f(); steps.push(name); };

await step('rules', async () => {
  const rule = {
    kind: 'Scheduled', displayName: 'By the client', description: 'D', enabled: true, severity: 'High', query: 'T | take 1', queryFrequency: 'PT1H', queryPeriod: 'PT2H',
    triggerOperator: 'GreaterThan', triggerThreshold: 1, suppressionEnabled: false, suppressionDuration: 'PT1H', tactics: ['InitialAccess'], techniques: ['T1078'],
    entityMappings: [{ entityType: 'Account', fieldMappings: [{ identifier: 'Name', columnName: 'Who' }] }], customDetails: { One: 'Column' },
    incidentConfiguration: { createIncident: true, groupingConfiguration: { enabled: true, reopenClosedIncident: false, lookbackDuration: 'PT5H', matchingMethod: 'AllEntities' } },
    eventGroupingSettings: { aggregationKind: 'AlertPerResult' }, alertDetailsOverride: { alertDisplayNameFormat: '{{Who}} did' },
  };
  const made = await client.alertRules.createOrUpdate(...at, 'rule-1', rule);
  assert.equal(made.name, 'rule-1');
  assert.equal(made.queryPeriod, 'PT2H');
  assert.deepEqual(made.entityMappings, rule.entityMappings);
  assert.deepEqual(made.customDetails, rule.customDetails);
  assert.equal(made.incidentConfiguration.groupingConfiguration.matchingMethod, 'AllEntities');
  assert.ok(made.lastModifiedUtc instanceof Date && made.etag);
  const changed = await client.alertRules.createOrUpdate(...at, 'rule-1', { ...made, severity: 'Low' });
  assert.equal(changed.severity, 'Low');
  assert.notEqual(changed.etag, made.etag);
  await fails(409, 'Conflict', client.alertRules.createOrUpdate(...at, 'rule-1', { ...made, severity: 'Medium' }));
  const bad = await fails(400, 'BadRequest', client.alertRules.createOrUpdate(...at, 'rule-2', { ...rule, query: 'Nowhere' }));
  assert.match(bad.message, /Invalid data model\. .*no table is called 'Nowhere'/);
  await client.alertRules.createOrUpdate(...at, 'rule-nrt', {
    kind: 'NRT', displayName: 'N', enabled: false, severity: 'Low', query: 'T', suppressionEnabled: false, suppressionDuration: 'PT1H' });
  const fusion = await client.alertRules.createOrUpdate(...at, 'BuiltInFusion', { kind: 'Fusion', alertRuleTemplateName: 'f', enabled: true });
  assert.equal(fusion.enabled, true);
  assert.deepEqual((await all(client.alertRules.list(...at))).map((r) => r.name + ' ' + r.kind), ['BuiltInFusion Fusion', 'rule-1 Scheduled', 'rule-nrt NRT']);
  assert.equal((await client.alertRules.get(...at, 'rule-1')).displayName, 'By the client');
  await client.alertRules.delete(...at, 'rule-1');
  await client.alertRules.delete(...at, 'rule-1');
  await fails(404, 'NotFound', client.alertRules.get(...at, 'rule-1'));
  assert.deepEqual(await all(client.actions.listByAlertRule(...at, 'rule-nrt')), []);
});

await step('templates', async () => {
  const [t] = await all(client.alertRuleTemplates.list(...at));
  assert.equal(t.displayName, 'Shipped');
  assert.equal((await client.alertRuleTemplates.get(...at, t.name)).kind, 'NRT');
});

await step('automation', async () => {
  const made = await client.automationRules.createOrUpdate(...at, 'auto-1', { automationRuleToUpsert: {
    displayName: 'Auto', order: 1,
    triggeringLogic: { isEnabled: true, triggersOn: 'Incidents', triggersWhen: 'Created', conditions: [
      { conditionType: 'Property', conditionProperties: { propertyName: 'IncidentTitle', operator: 'Contains', propertyValues: ['automate'] } }] },
    actions: [{ order: 1, actionType: 'ModifyProperties', actionConfiguration: { severity: 'Medium', labels: [{ labelName: 'seen' }], owner: { assignedTo: 'soc' } } }],
  } });
  assert.equal(made.actions[0].actionConfiguration.severity, 'Medium');
  assert.equal((await all(client.automationRules.list(...at))).length, 1);
  assert.equal((await client.automationRules.get(...at, 'auto-1')).triggeringLogic.conditions[0].conditionType, 'Property');
});

await step('incidents', async () => {
  for (let n = 0; n < 120; n++) {
    await client.incidents.createOrUpdate(...at, `incident-${n}`, { title: n === 7 ? 'please automate' : `Incident ${n}`, severity: n % 2 ? 'High' : 'Low', status: 'New' });
  }
  const list = await all(client.incidents.list(...at));
  assert.equal(list.length, 122); // two of alerts
  assert.equal(new Set(list.map((i) => i.incidentNumber)).size, 122);
  const high = await all(client.incidents.list(...at, { filter: "properties/severity eq 'High' and properties/incidentNumber gt 60", orderby: 'properties/incidentNumber asc', top: 10 }));
  assert.ok(high.length > 20 && high.every((i, n) => i.severity === 'High' && (n === 0 || high[n - 1].incidentNumber < i.incidentNumber)));
  await fails(400, 'BadRequest', client.incidents.list(...at, { filter: 'properties/x eq 1' }).next());
  const automated = await client.incidents.get(...at, 'incident-7');
  assert.equal(automated.severity, 'Medium');
  assert.deepEqual(automated.labels, [{ labelName: 'seen', labelType: 'User' }]);
  assert.equal(automated.owner.assignedTo, 'soc');
  const one = await client.incidents.get(...at, 'incident-1');
  const closed = await client.incidents.createOrUpdate(...at, 'incident-1', { ...one, status: 'Closed', classification: 'TruePositive', classificationReason: 'SuspiciousActivity' });
  assert.equal(closed.status, 'Closed');
  assert.ok(closed.lastModifiedTimeUtc instanceof Date);
  await fails(409, 'Conflict', client.incidents.createOrUpdate(...at, 'incident-1', { ...one, title: 'late' }));
  await fails(400, 'BadRequest', client.incidents.createOrUpdate(...at, 'incident-2', { title: 'x', severity: 'Low', status: 'Closed' }));
  await client.incidents.delete(...at, 'incident-2');
  await fails(404, 'NotFound', client.incidents.get(...at, 'incident-2'));
});

await step('parts of incidents', async () => {
  const [mine] = (await all(client.incidents.list(...at, { orderby: 'properties/incidentNumber' })));
  const { value: alerts } = await client.incidents.listAlerts(...at, mine.name);
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0].kind, 'SecurityAlert');
  assert.ok(alerts[0].timeGenerated instanceof Date && alerts[0].alertDisplayName === 'Rule');
  const { entities, metaData } = await client.incidents.listEntities(...at, mine.name);
  assert.deepEqual(entities.map((e) => e.kind), ['Ip', 'Account']);
  assert.ok(entities[0].address.startsWith('8.8.8.') && entities[1].accountName === 'ann');
  assert.equal(metaData.length, 2);
  const c = await client.incidentComments.createOrUpdate(...at, mine.name, 'comment-1', { message: 'hello' });
  assert.ok(c.author.name && c.createdTimeUtc instanceof Date);
  await client.incidentComments.createOrUpdate(...at, mine.name, 'comment-2', { message: 'more' });
  assert.deepEqual((await all(client.incidentComments.list(...at, mine.name, { top: 1 }))).map((x) => x.message), ['hello', 'more']);
  await client.incidentComments.delete(...at, mine.name, 'comment-1');
  await client.bookmarks.createOrUpdate(...at, 'bookmark-1', { displayName: 'B', query: 'T', labels: ['x'], eventTime: new Date(0) });
  assert.equal((await all(client.bookmarks.list(...at)))[0].eventTime.getTime(), 0);
  const base = mine.id.replace(/\/incidents\/.*/, '');
  await client.incidentRelations.createOrUpdate(...at, mine.name, 'relation-1', { relatedResourceId: `${base}/bookmarks/bookmark-1` });
  await client.incidentRelations.createOrUpdate(...at, mine.name, 'relation-2', { relatedResourceId: `${base}/entities/${ALERT}` });
  assert.deepEqual((await all(client.incidentRelations.list(...at, mine.name))).map((r) => r.relatedResourceName).slice(1), [ALERT, 'bookmark-1']);
  assert.equal((await client.incidents.listBookmarks(...at, mine.name)).value[0].displayName, 'B');
  await client.incidentRelations.delete(...at, mine.name, 'relation-2');
  assert.equal((await client.entities.get(...at, ALERT)).kind, 'SecurityAlert');
  assert.equal((await all(client.entities.list(...at))).length, 3);
  await fails(400, 'PlaybookNotFound', client.incidents.runPlaybook(...at, mine.name, { requestBody: { logicAppsResourceId: '/none' } }));
  await fails(400, 'NotSupported', client.incidents.createTeam(...at, mine.name, { teamName: 'x' }));
});

await step('watchlists', async () => {
  const w = await client.watchlists.createOrUpdate(...at, 'vip', { displayName: 'VIPs', provider: 'soc', source: 'vip.csv', itemsSearchKey: 'User',
    contentType: 'text/csv', numberOfLinesToSkip: 0, rawContent: 'User,Note\n' + Array.from({ length: 130 }, (_, n) => `user${n},"a, ${n}"`).join('\n') });
  assert.equal(w.watchlistAlias, 'vip');
  const items = await all(client.watchlistItems.list(...at, 'vip'));
  assert.equal(items.length, 130);
  assert.deepEqual(items[129].itemsKeyValue, { User: 'user129', Note: 'a, 129' });
  const made = await client.watchlistItems.createOrUpdate(...at, 'vip', 'item-1', { itemsKeyValue: { User: 'new', Note: '' } });
  assert.equal(made.name, 'item-1');
  await client.watchlistItems.delete(...at, 'vip', 'item-1');
  assert.deepEqual((await all(client.watchlists.list(...at))).map((x) => x.displayName), ['VIPs']);
  await client.watchlists.delete(...at, 'vip');
  await fails(404, 'NotFound', client.watchlists.get(...at, 'vip'));
});

await step('the rest', async () => {
  assert.equal((await client.sentinelOnboardingStates.list(...at)).value[0].name, 'default');
  assert.deepEqual(await all(client.dataConnectors.list(...at)), []);
  assert.deepEqual(await all(client.metadata.list(...at)), []);
  await client.automationRules.delete(...at, 'auto-1');
  const stranger = new SecurityInsights({ getToken: async () => ({ token: 'x', expiresOnTimestamp: Date.now() + 3600_000 }) }, SUBSCRIPTION, { endpoint: SERVER, $host: SERVER });
  await fails(401, 'InvalidAuthenticationToken', stranger.incidents.get(...at, 'x'));
});

console.log(steps.join(', '));

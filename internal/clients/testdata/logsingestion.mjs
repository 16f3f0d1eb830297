// Sends records through the official client of the Logs Ingestion API, several thousand at a time, which it compresses
// and cuts into calls of its own. Prints what the client reports.
import { LogsIngestionClient, isAggregateLogsUploadError } from '@azure/monitor-ingestion';

const { ENDPOINT, RULE, STREAM, COUNT, BAD } = process.env;
const token = { getToken: async () => ({ token: 'from the test', expiresOnTimestamp: Date.now() + 3600_000 }) };
const client = new LogsIngestionClient(ENDPOINT, token, { retryOptions: { maxRetries: 3, retryDelayInMs: 10 } });

const logs = [];
for (let i = 0; i < Number(COUNT); i++) {
  logs.push({ TimeGenerated: new Date(1700000000000 + i).toISOString(), Name: `user ${i}`, N: i, Extra: { Text: 'ä'.repeat(100), Number: i / 4 } });
}
if (BAD) {
  logs.push(7);
}
try {
  await client.upload(RULE, STREAM, logs, { maxConcurrency: 4 });
  console.log('sent', logs.length);
} catch (e) {
  if (!isAggregateLogsUploadError(e)) {
    throw e;
  }
  for (const one of e.errors) {
    console.log('failed', one.failedLogs.length, one.cause.statusCode, one.cause.code, one.cause.message);
  }
}

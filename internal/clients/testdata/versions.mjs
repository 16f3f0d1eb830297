// Prints the versions of the clients, to show that they are installed and load.
import { readFileSync } from 'node:fs';
import { SecurityInsights } from '@azure/arm-securityinsight';
import { LogsIngestionClient } from '@azure/monitor-ingestion';

if (typeof SecurityInsights !== 'function' || typeof LogsIngestionClient !== 'function') {
  throw new Error('the packages do not export their clients');
}
for (const name of Object.keys(JSON.parse(readFileSync('package.json')).dependencies)) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version);
}
console.log('asked', process.env.ASKED);

// sharp, as its documentation suggests for several outputs: one pipeline, cloned. Speaks the protocol of contest.py.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname, join } from 'node:path';
import { createInterface } from 'node:readline';

const sharp = createRequire(join(process.cwd(), 'package.json'))('sharp');
const BOXES = { d2500: [2500, 2500], big_1920: [1920, 1080], big_thumb: [700, 700], thumb: [150, 120] };
const QUALITY = 82;

sharp.concurrency(1);
sharp.cache(false);

const photos = process.argv.slice(2).map((path) => [basename(path, extname(path)), readFileSync(path)]);

const develop = (data) => {
  const picture = sharp(data).autoOrient();
  return Promise.all(Object.entries(BOXES).map(async ([name, [width, height]]) => [name, await picture.clone()
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .keepIccProfile().jpeg({ quality: QUALITY }).toBuffer()]));
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const [stem, data] of photos) {
    for (const [name, version] of await develop(data)) {
      if (command.do === 'save') writeFileSync(join(command.folder, `${stem}.${name}.jpg`), version);
    }
  }
  const spent = process.cpuUsage(cpu);
  console.log(JSON.stringify({
    cpu: (spent.user + spent.system) / 1e6,
    wall: (performance.now() - start) / 1e3,
    photos: photos.length,
    rss: process.resourceUsage().maxRSS * 1024,
  }));
}

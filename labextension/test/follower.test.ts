import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import type { Increment } from '../src/contract';
import { ApiFailure } from '../src/follow/failure';
import { RunFollower, type IRunSource } from '../src/follow/follower';
import { bundle, head, increment, point } from './make';

/** A server whose run grows by a point a call to `grow`, and which can be down. */
class GrowingRun implements IRunSource {
  points = 0;
  generation = 0;
  status = 200;
  alive = true;
  asked: number[] = [];
  busy = 0;
  mostBusy = 0;

  async events(_: string, since: number, generation: number): Promise<Increment> {
    this.asked.push(since);
    this.mostBusy = Math.max(this.mostBusy, ++this.busy);
    await Promise.resolve();
    this.busy -= 1;
    if (this.status !== 200) {
      throw new ApiFailure('down', this.status);
    }
    const from = generation === this.generation ? since : 0;
    const points = Array.from({ length: this.points - from }, (__, index) => point(from + index + 1, 1));
    const status = this.alive ? 'running' : 'done';
    return increment({
      since: from,
      last_seq: this.points,
      generation: this.generation,
      points,
      head: head({ status, alive: this.alive, step: this.points })
    });
  }

  frame(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(4));
  }

  control(): Promise<{ control_id: string }> {
    return Promise.resolve({ control_id: 'x' });
  }
}

const pace = { poll: 1000, eventsWork: false, hidden: false };
const visible = (): boolean => true;

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10) {
    mock.timers.tick(10);
    for (let turn = 0; turn < 6; turn++) {
      await Promise.resolve();
    }
  }
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
afterEach(() => mock.timers.reset());

test('polling holds every point once, and asks from what is held', async () => {
  const run = new GrowingRun();
  const follower = new RunFollower('r', run, pace);
  run.points = 2;
  follower.attach(visible);
  await pass(200);
  run.points = 5;
  await pass(1200);
  assert.deepEqual(follower.state.series.get('loss')?.steps, [1, 2, 3, 4, 5]);
  assert.deepEqual(run.asked.slice(0, 2), [0, 2]);
  assert.equal(run.mostBusy, 1);
});

test('an ended run is not asked for again, until an event says that it goes on', async () => {
  const run = new GrowingRun();
  run.points = 3;
  run.alive = false;
  const follower = new RunFollower('r', run, pace);
  follower.attach(visible);
  await pass(10_000);
  assert.equal(run.asked.length, 1);
  run.points = 4;
  run.alive = true;
  follower.heard(4, 'running');
  await pass(200);
  assert.equal(follower.state.count('loss'), 4);
});

test('a rewound run is read anew', async () => {
  const run = new GrowingRun();
  run.points = 6;
  const follower = new RunFollower('r', run, pace);
  follower.attach(visible);
  await pass(200);
  run.points = 3;
  run.generation = 1;
  await pass(1200);
  assert.equal(follower.state.count('loss'), 3);
  assert.equal(follower.state.generation, 1);
});

test('a server that is away costs time and no points', async () => {
  const run = new GrowingRun();
  run.points = 2;
  const follower = new RunFollower('r', run, pace);
  follower.attach(visible);
  await pass(200);
  run.status = 0;
  await pass(9000);
  assert.equal(follower.connection, 'lost');
  run.points = 50;
  run.status = 200;
  await pass(6000);
  assert.equal(follower.connection, 'live');
  assert.equal(follower.state.count('loss'), 50);
});

test('nothing is asked while no view is visible', async () => {
  const run = new GrowingRun();
  run.points = 1;
  let shown = true;
  const follower = new RunFollower('r', run, pace);
  follower.attach(() => shown);
  await pass(200);
  shown = false;
  await pass(10_000);
  const asked = run.asked.length;
  await pass(10_000);
  assert.equal(run.asked.length, asked);
  shown = true;
  run.points = 9;
  await pass(1500);
  assert.equal(follower.state.count('loss'), 9);
});

test('a run that the server does not hold stays as the notebook has it', async () => {
  const run = new GrowingRun();
  run.status = 404;
  const follower = new RunFollower('r', run, pace);
  follower.offer(
    bundle(increment({ last_seq: 1, points: [point(1, 2)], head: head({ alive: false, status: 'done' }) }))
  );
  follower.attach(visible);
  await pass(20_000);
  assert.equal(follower.connection, 'static');
  assert.equal(follower.state.count('loss'), 1);
  assert.equal(run.asked.length, 1);
});

test("a snapshot never takes the place of the server's points", async () => {
  const run = new GrowingRun();
  run.points = 8;
  const follower = new RunFollower('r', run, pace);
  follower.attach(visible);
  await pass(200);
  follower.offer(bundle(increment({ last_seq: 20, points: [point(20, 1)] })));
  assert.equal(follower.state.count('loss'), 8);
});

// The list of backups, and whether the server is at one: looked at while that is so, and only then.

import { computed, signal } from "@preact/signals";
import { listBackups, reportBackups, type BackupReport, type Told } from "../../api/backups.ts";
import { readHealth } from "../../api/settings.ts";
import { has } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";

const lookMs = 3000;

export type BackupItem = Told & { size: number; modified: string };

interface Found {
  items: BackupItem[];
  failed: Told[];
  running: BackupReport["running"];
  isBusy: boolean;
}

const find = async (signal: AbortSignal): Promise<Found> => {
  const [health, report] = await Promise.all([readHealth(signal), has("backups") ? reportBackups(signal) : listBackups(signal)]);
  const told = Array.isArray(report) ? { items: report, failed: [], running: null } : report;
  const items = told.items.map((one) => ({ ...one, size: one.size ?? 0, modified: one.modified ?? "" }));
  items.sort((a, b) => (a.modified < b.modified ? 1 : a.modified > b.modified ? -1 : 0));
  return { items, failed: told.failed, running: told.running, isBusy: !health.canBackup };
};

export class BackupsState {
  readonly #found = loaded<Found>();
  readonly error = this.#found.error;
  readonly isMaking = signal(false); // by this page: the server may not say so yet
  readonly items = computed(() => this.#found.data.value?.items);
  readonly failed = computed(() => this.#found.data.value?.failed ?? []);
  readonly isBusy = computed(() => this.isMaking.value || (this.#found.data.value?.isBusy ?? false));
  readonly part = computed(() => this.#found.data.value?.running?.part ?? null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  async load(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#found.load(find);
    if (this.isBusy.peek() && !this.#isOver) this.#again();
  }

  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), lookMs);
  }

  // What keeps the server busy for as long as it is asked.
  async during<T>(act: () => Promise<T>): Promise<T> {
    this.isMaking.value = true;
    this.#again();
    try {
      return await act();
    } finally {
      this.isMaking.value = false;
      await this.load();
    }
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#found.stop();
  }
}

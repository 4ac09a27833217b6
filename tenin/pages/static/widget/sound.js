/** A short sound for a line that comes while nobody looks; made by the browser, without a file. */

const ALONE = "tenin.sound";
let context = null;

/** Two soft tones, one after the other. */
export function blip() {
  context ??= new AudioContext();
  context.resume().catch(() => {}); // refused until somebody has touched the page: then it is quiet
  [[660, 0], [880, 0.11]].forEach(([pitch, after]) => {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const at = context.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.24);
  });
}

/** The same in one tab of all. */
export function blipOnce() {
  if (!navigator.locks) return blip();
  navigator.locks.request(ALONE, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    blip();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
}

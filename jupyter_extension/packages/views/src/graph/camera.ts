/** Where one looks from: a point of the picture times `k`, plus an offset, is a point on screen. */

export interface Camera {
  k: number;
  x: number;
  y: number;
}

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const NEAREST = 2.5;
const PAD = 10;

/** See all of the picture, never larger than life; or its beginning, where less than `least` of its size could not be read. */
export function fit(picture: { width: number; height: number }, width: number, height: number, least = 0): Camera {
  const k = Math.max(
    0.005,
    least,
    Math.min(1, (width - 2 * PAD) / Math.max(1, picture.width), (height - 2 * PAD) / Math.max(1, picture.height)),
  );
  return { k, x: (width - picture.width * k) / 2, y: least > 0 ? Math.max(0, (height - picture.height * k) / 2) : (height - picture.height * k) / 2 };
}

/** Zoom by a factor so that the point under the pointer stays where it is. */
export function zoom(camera: Camera, factor: number, x: number, y: number, furthest: number): Camera {
  const k = Math.max(furthest, Math.min(NEAREST, camera.k * factor));
  return { k, x: x - ((x - camera.x) * k) / camera.k, y: y - ((y - camera.y) * k) / camera.k };
}

/** Keep some of the picture in sight, so that nobody gets lost. */
export function kept(camera: Camera, picture: { width: number; height: number }, width: number, height: number): Camera {
  const room = 60;
  const x = Math.max(room - picture.width * camera.k, Math.min(width - room, camera.x));
  const y = Math.max(room - picture.height * camera.k, Math.min(height - room, camera.y));
  return x === camera.x && y === camera.y ? camera : { k: camera.k, x, y };
}

/** Move as little as needed to have a box in sight, and near enough to be read. */
export function reveal(camera: Camera, box: Rect, width: number, height: number): Camera {
  const k = camera.k < 0.4 ? 0.8 : camera.k;
  let { x, y } = k === camera.k ? camera : { x: width / 2 - (box.x + box.width / 2) * k, y: height / 2 - (box.y + box.height / 2) * k };
  const margin = 24;
  const left = box.x * k + x;
  const top = box.y * k + y;
  if (left < margin) x += margin - left;
  else if (left + box.width * k > width - margin) x -= left + box.width * k - (width - margin);
  if (top < margin) y += margin - top;
  else if (top + box.height * k > height - margin) y -= top + box.height * k - (height - margin);
  return { k, x, y };
}

/** What of the picture is on screen. */
export function sight(camera: Camera, width: number, height: number): Rect {
  return { x: -camera.x / camera.k, y: -camera.y / camera.k, width: width / camera.k, height: height / camera.k };
}

export function meets(one: Rect, other: Rect): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

/** Whether all of one lies in the other. */
export function within(one: Rect, other: Rect): boolean {
  return one.x >= other.x && one.y >= other.y && one.x + one.width <= other.x + other.width && one.y + one.height <= other.y + other.height;
}

import { svg } from '../ui/dom';

const WIDTH = 44;
const HEIGHT = 20;

/** The points of a small curve as SVG takes them; one text for each unbroken piece. */
export function pieces(values: readonly number[], width = WIDTH, height = HEIGHT): string[] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const x = (index: number) => (values.length > 1 ? (index / (values.length - 1)) * (width - 2) + 1 : width / 2);
  const y = (value: number) => (high > low ? (1 - (value - low) / (high - low)) * (height - 4) + 2 : height / 2);
  const found: string[][] = [[]];
  values.forEach((value, index) => {
    if (Number.isFinite(value)) {
      found[found.length - 1].push(`${x(index).toFixed(1)},${y(value).toFixed(1)}`);
    } else if (found[found.length - 1].length) {
      found.push([]);
    }
  });
  return found.filter(piece => piece.length).map(piece => piece.join(' '));
}

/** A curve the size of a word; gaps where there is no finite value. */
export function sparkline(values: readonly number[]): SVGElement {
  const picture = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    width: WIDTH,
    height: HEIGHT,
    class: 'fm-spark',
    'aria-hidden': 'true'
  });
  for (const points of pieces(values)) {
    picture.append(svg('polyline', { points, fill: 'none' }));
  }
  return picture;
}

// A map that needs nobody else: the countries of Natural Earth, and tiles only where some are set.
// <div data-world="countries-50m.json" data-tiles="" data-tiles-by="" data-words="{...}">
"use strict";
const voltdeskMap = (() => {
  const WORLD = [[-85, -180], [85, 180]];
  const DEEPEST = 19, DEEPEST_WITHOUT_TILES = 12;

  async function countries(map, url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    const world = await answer.json();
    map.createPane("world").style.zIndex = 150; // below tiles
    L.geoJSON(topojson.feature(world, world.objects.countries), {
      pane: "world",
      renderer: L.svg({ pane: "world", padding: 0.5 }),
      interactive: false,
      style: { className: "vd-country", weight: 0.75 },
    }).addTo(map);
  }

  function controls(map, words, by) {
    L.control.zoom({ zoomInTitle: words.closer, zoomOutTitle: words.farther }).addTo(map);
    if (by) L.control.attribution({ prefix: false }).addAttribution(by).addTo(map);
    map.on("popupopen", ({ popup }) => {
      const close = popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) close.setAttribute("aria-label", words.close);
    });
    // The wheel scrolls the page until somebody works with the map.
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
  }

  // Unfold hides the page until Alpine runs: call it on "load", or the map has no size.
  function make(element) {
    const { world, tiles, tilesBy } = element.dataset;
    const words = JSON.parse(element.dataset.words);
    const map = L.map(element, {
      attributionControl: false,
      zoomControl: false,
      scrollWheelZoom: false,
      minZoom: 1,
      maxZoom: tiles ? DEEPEST : DEEPEST_WITHOUT_TILES,
      maxBounds: WORLD,
      maxBoundsViscosity: 0.8,
      zoomSnap: 0.5,
    });
    map.setView([30, 10], 1);
    controls(map, words, tilesBy);
    if (tiles) L.tileLayer(tiles, { maxZoom: DEEPEST, noWrap: true }).addTo(map);
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(element);
    countries(map, world).catch((error) => console.warn(error.message)); // places are shown without
    return map;
  }

  // Elements from data: nothing that comes over the wire is read as HTML.
  function make_element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  return { make, element: make_element };
})();

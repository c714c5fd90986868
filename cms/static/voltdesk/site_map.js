// The sites on the home page's map and in the table beside it, told anew when stations change.
"use strict";
addEventListener("load", () => {
  const MOST_UNGATHERED = 500; // places; more are drawn together
  const PAUSE = 5000, NOW_AND_THEN = 60000; // ms
  const WORST = ["faulted", "offline", "pending", "charging", "ready", "none"];
  const { make, element } = voltdeskMap;

  const radius = (stations) => Math.min(7 + 2.5 * Math.sqrt(stations), 26);
  const look = ({ tone, state }) => `vd-place vd-${tone} vd-place-${state}`;
  const where = (feature) => [...feature.geometry.coordinates].reverse();
  const pill = ([, tone, word, count]) => element("span", { className: `vd-pill vd-${tone}`, textContent: `${count} ${word}` });
  const pills = ({ states, tone, word }) => element("span", { className: "vd-pips" },
    ...(states.length ? states.map(pill) : [element("span", { className: `vd-pill vd-${tone}`, textContent: word })]));

  function script(source) {
    return new Promise((done, failed) => {
      document.head.append(element("script", { src: source, onload: done, onerror: failed }));
    });
  }

  function start(panel) {
    const canvas = panel.querySelector("[data-world]");
    const words = JSON.parse(canvas.dataset.words);
    const map = make(canvas);
    const places = new Map();
    let layer = null, asking = false, again = false, fitted = false;

    function popup({ properties: site }) {
      return element("div", { className: "vd-popup" },
        element("strong", { textContent: site.name }),
        ...(site.address ? [element("span", { textContent: site.address })] : []),
        element("span", { textContent: site.size }),
        pills(site),
        element("a", { className: "vd-link", href: site.url, textContent: words.open }));
    }

    function gather(cluster) {
      const sites = cluster.getAllChildMarkers().map((marker) => marker.feature.properties);
      const worst = sites.reduce((one, two) => (WORST.indexOf(two.state) < WORST.indexOf(one.state) ? two : one));
      const html = element("span", { textContent: sites.length, title: worst.word });
      return L.divIcon({ html, className: `vd-gathered vd-${worst.tone}`, iconSize: [36, 36] });
    }

    async function layerFor(number) {
      if (number <= MOST_UNGATHERED) return L.featureGroup();
      await script(canvas.dataset.gathering);
      return L.markerClusterGroup({ iconCreateFunction: gather, showCoverageOnHover: false, animate: false, maxClusterRadius: 45 });
    }

    function add(feature) {
      const marker = L.circleMarker(where(feature), { radius: radius(feature.properties.stations), className: look(feature.properties) });
      marker.feature = feature;
      marker.bindPopup(() => popup(marker.feature));
      marker.bindTooltip(() => `${marker.feature.properties.name}: ${marker.feature.properties.word}`);
      places.set(feature.id, marker);
      layer.addLayer(marker);
    }

    function renew(marker, feature) {
      marker.feature = feature;
      marker.setLatLng(where(feature)).setRadius(radius(feature.properties.stations));
      marker.options.className = look(feature.properties);
      const drawn = marker.getElement();
      if (drawn) drawn.setAttribute("class", `${marker.options.className} leaflet-interactive`);
      if (marker.isPopupOpen()) marker.getPopup().update();
    }

    function draw(features) {
      const here = new Set(features.map((feature) => feature.id));
      places.forEach((marker, id) => {
        if (here.has(id)) return;
        layer.removeLayer(marker);
        places.delete(id);
      });
      const bad = (feature) => WORST.indexOf(feature.properties.state);
      [...features].sort((one, two) => bad(two) - bad(one)).forEach((feature) => {
        places.has(feature.id) ? renew(places.get(feature.id), feature) : add(feature);
      });
      if (layer.refreshClusters) layer.refreshClusters();
      if (!fitted && features.length) {
        fitted = true;
        map.fitBounds(layer.getBounds(), { padding: [36, 36], maxZoom: 6, animate: false });
      }
    }

    function row({ geometry, properties: site }) {
      return element("tr", {},
        element("td", {}, element("a", { className: "vd-link", href: site.url, textContent: site.name })),
        element("td", { className: "vd-wrap vd-wide", textContent: site.address + (geometry ? "" : ` (${words.nowhere})`) }),
        element("td", { className: "vd-right vd-number", textContent: site.stations }),
        element("td", {}, pills(site)));
    }

    function count(features) {
      panel.querySelectorAll("[data-state]").forEach((place) => {
        const stations = features.flatMap((feature) => feature.properties.states)
          .reduce((sum, [state, , , number]) => sum + (state === place.dataset.state ? number : 0), 0);
        place.querySelector("b").textContent = stations;
      });
      panel.querySelector("[data-lacking]").hidden = features.every((feature) => feature.geometry);
    }

    function tabulate(features) {
      const body = panel.querySelector("tbody");
      const at = [...body.querySelectorAll("a")].indexOf(document.activeElement); // keep the keyboard's place
      body.replaceChildren(...features.map(row));
      if (at >= 0) (body.querySelectorAll("a")[at] || canvas).focus();
    }

    async function ask() {
      const answer = await fetch(panel.dataset.siteMap, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(answer.status);
      const { features } = await answer.json();
      const placed = features.filter((feature) => feature.geometry);
      if (!layer) layer = (await layerFor(placed.length)).addTo(map);
      draw(placed);
      tabulate(features);
      count(features);
      panel.dataset.told = Number(panel.dataset.told || 0) + 1; // how often; tests wait for it
    }

    // What comes while one is under way, or shortly after it, is asked for once.
    async function told() {
      again = asking;
      if (asking) return;
      asking = true;
      const status = panel.querySelector("[role=status]");
      try {
        await ask();
        status.textContent = "";
      } catch {
        status.textContent = words.failed;
      }
      setTimeout(() => {
        asking = false;
        if (again) told();
      }, PAUSE);
    }

    const button = panel.querySelector("[aria-expanded]");
    button.addEventListener("click", () => {
      const table = document.getElementById(button.getAttribute("aria-controls"));
      table.hidden = !table.hidden;
      canvas.hidden = !table.hidden;
      button.setAttribute("aria-expanded", String(!table.hidden));
      button.textContent = table.hidden ? button.dataset.table : button.dataset.map;
    });
    panel.addEventListener("live", told);
    setInterval(() => document.visibilityState === "visible" && told(), NOW_AND_THEN);
    told();
  }

  document.querySelectorAll("[data-site-map]").forEach(start);
});

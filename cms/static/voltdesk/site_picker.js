// A site's place by a click or by keyboard: the map and the fields of the form say the same.
"use strict";
addEventListener("load", () => {
  const { make } = voltdeskMap;
  const FAR = 3, CLOSE = 7, CLOSE_IN_STREETS = 15, DIGITS = 6;

  function start(canvas) {
    const fields = ["latitude", "longitude"].map((name) => document.getElementById(`id_${name}`));
    const words = JSON.parse(canvas.dataset.words);
    const status = canvas.parentElement.querySelector("[role=status]");
    const may = fields.every(Boolean); // who may only look has no fields
    const map = make(canvas);
    const marker = L.circleMarker([0, 0], { radius: 9, className: "vd-place vd-green", interactive: false });

    function known() {
      const typed = may ? fields.map((field) => field.value.trim().replace(",", ".")) : [canvas.dataset.latitude, canvas.dataset.longitude];
      const [latitude, longitude] = typed.map(Number);
      const is_place = typed.every(Boolean) && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
      return is_place ? [latitude, longitude] : null;
    }

    function show(moves) {
      const place = known();
      if (!place) return marker.remove();
      marker.setLatLng(place).addTo(map);
      if (moves) map.setView(place, Math.max(map.getZoom(), canvas.dataset.tiles ? CLOSE_IN_STREETS : CLOSE), { animate: false });
    }

    function choose({ lat, lng }) {
      fields[0].value = lat.toFixed(DIGITS);
      fields[1].value = lng.toFixed(DIGITS);
      show(false);
      status.textContent = words.chosen.replace("%(place)s", `${fields[0].value}, ${fields[1].value}`);
    }

    map.setZoom(FAR, { animate: false }); // the arrow keys move nothing while all of the world is there
    show(true);
    if (!may) return;
    document.getElementById("site-picker-help").hidden = false;
    canvas.setAttribute("aria-describedby", "site-picker-help");
    canvas.classList.add("vd-picker");
    map.on("click", ({ latlng }) => choose(latlng));
    fields.forEach((field) => field.addEventListener("change", () => show(true)));
    canvas.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== canvas) return;
      event.preventDefault();
      choose(map.getCenter());
    });
  }

  document.querySelectorAll("[data-picker]").forEach(start);
});

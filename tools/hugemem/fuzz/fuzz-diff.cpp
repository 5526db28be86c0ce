// SPDX-License-Identifier: GPL-2.0-only
// Two runs out of bytes, parted by a NUL: what the reader of `hugemem diff` takes must be fit to
// be compared and shown, and what it refuses must be an error that a user can act upon.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "run_diff.hpp"

using namespace hugemem;

namespace
{

void must(bool holds)
{
	if (!holds)
		std::abort();
}

/// What a reader may rely on.
void check(const SavedRun &run)
{
	for (const SavedEvent &event : run.events) {
		must(!event.name.empty());
		std::uint64_t sum = 0;
		for (std::size_t i = 0; i < event.buckets.size(); i++) {
			const SavedBucket &b = event.buckets[i];
			must(b.count && (!b.upper || b.upper > b.lower));
			must(i == 0 ||
			     (event.buckets[i - 1].upper && event.buckets[i - 1].upper <= b.lower));
			sum += b.count;
		}
		must(sum == event.count);
		for (const double p : {0.0, 50.0, 99.9, 100.0}) {
			const auto e = percentile_of(event, p, run.unit_ns);
			must(e.has_value() == (event.count > 0));
			must(!e || (std::isfinite(e->value) && e->error >= 0 &&
				    e->low <= e->value && e->high >= e->value));
		}
		const auto mean = mean_of(event, run.unit_ns);
		must(!mean || (mean->low <= mean->value && mean->high >= mean->value));
	}
}

/// Every byte that a terminal gets to see.
void check_text(std::string_view text)
{
	for (const char c : text)
		must(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	const std::string_view all(reinterpret_cast<const char *>(data), size);
	const std::size_t parted = std::min(all.find('\0'), all.size());
	const auto a = parse_saved_run(all.substr(0, parted), "A");
	const auto b = parted == all.size() ? a : parse_saved_run(all.substr(parted + 1), "B");
	for (const auto *run : {&a, &b}) {
		if (*run) {
			check(**run);
			continue;
		}
		const Error &e = run->error();
		must(e.code == Exit::usage || e.code == Exit::cannot_tell);
		must(!e.what.empty() && !e.cause.empty());
		check_text(e.text());
	}
	if (!a || !b)
		return 0;
	const auto diff = compare(*a, *b);
	if (!diff) {
		check_text(diff.error().text());
		return 0;
	}
	check_text(text_of(*diff, Style{}));
	json_of(*diff).dump();
	return 0;
}

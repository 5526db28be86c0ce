// SPDX-License-Identifier: GPL-2.0-only
#include "saved_run.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "text_file.hpp"

namespace hugemem
{
namespace
{

using nlohmann::json;

constexpr std::string_view schema = "hugemem.latency/1";
constexpr std::string_view any_schema = "hugemem.latency/";
constexpr std::size_t longest_name = 64;

const std::string save_one = "save one with: hugemem latency --json > FILE";
const std::string measure_again = "measure again, or go by an undamaged copy";

/// Where one is in the file, and how it is wrong there.
struct Place {
	const std::string &file;
	std::size_t line = 1;

	[[nodiscard]] tl::unexpected<Error> damaged(const std::string &cause) const
	{
		return fail(Exit::cannot_tell, fmt::format("{}, line {}", file, line), cause,
			    measure_again);
	}
	[[nodiscard]] tl::unexpected<Error> foreign(const std::string &cause,
						    const std::string &way_out) const
	{
		return fail(Exit::usage, fmt::format("{}, line {}", file, line), cause, way_out);
	}
};

/// For a terminal: no byte of the file may be a command to it.
std::string printable(std::string_view text)
{
	std::string out;
	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);
		out += byte < 0x20 || byte >= 0x7f ? '?' : c;
	}
	return out;
}

/// Names are printed and are keys, so they are held to what `latency` uses.
bool is_name(std::string_view text)
{
	return !text.empty() && text.size() <= longest_name &&
	       std::all_of(text.begin(), text.end(), [](unsigned char c) {
		       return (std::isalnum(c) && c < 0x80) || c == '_' || c == '-';
	       });
}

const json *member(const json &object, const char *key)
{
	const auto it = object.find(key);
	return it == object.end() ? nullptr : &*it;
}

Result<std::uint64_t> whole(const json &object, const char *key, const Place &place)
{
	const json *value = member(object, key);
	if (!value || !value->is_number_unsigned())
		return place.damaged(
			fmt::format("\"{}\" {}", key,
				    value ? "is no whole number from 0 to 2^64" : "is missing"));
	return value->get<std::uint64_t>();
}

/// Nothing where it is absent or null.
Result<std::optional<std::uint64_t>> maybe_whole(const json &object, const char *key,
						 const Place &place)
{
	const json *value = member(object, key);
	if (!value || value->is_null())
		return std::nullopt;
	const auto number = whole(object, key, place);
	if (!number)
		return tl::unexpected(number.error());
	return *number;
}

Result<std::string> name_in(const json &object, const char *key, const Place &place)
{
	const json *value = member(object, key);
	if (!value || !value->is_string() || !is_name(value->get_ref<const std::string &>()))
		return place.damaged(
			fmt::format("\"{}\" {}", key, value ? "is no name" : "is missing"));
	return value->get<std::string>();
}

std::string text_in(const json &object, const char *key)
{
	const json *value = member(object, key);
	return value && value->is_string() ? printable(value->get_ref<const std::string &>())
					   : std::string();
}

Result<const json *> list_in(const json &object, const char *key, const Place &place)
{
	const json *value = member(object, key);
	if (!value || !value->is_array())
		return place.damaged(
			fmt::format("\"{}\" {}", key, value ? "is no list" : "is missing"));
	for (const json &element : *value)
		if (!element.is_object())
			return place.damaged(fmt::format("\"{}\" has more than objects", key));
	return value;
}

Result<std::vector<SavedBucket>> buckets_in(const json &event, std::uint64_t count,
					    const Place &place)
{
	const auto list = list_in(event, "buckets", place);
	if (!list)
		return tl::unexpected(list.error());
	std::vector<SavedBucket> buckets;
	std::uint64_t sum = 0;
	for (const json &element : **list) {
		const auto lower = whole(element, "lo", place);
		if (!lower)
			return tl::unexpected(lower.error());
		const auto upper = maybe_whole(element, "hi", place);
		if (!upper)
			return tl::unexpected(upper.error());
		const auto held = whole(element, "count", place);
		if (!held)
			return tl::unexpected(held.error());
		if (*upper && **upper <= *lower)
			return place.damaged(
				fmt::format("a bucket reaches from {} to {}", *lower, **upper));
		if (!buckets.empty() && (!buckets.back().upper || *lower < buckets.back().upper))
			return place.damaged(
				fmt::format("the bucket from {} is out of order", *lower));
		if (__builtin_add_overflow(sum, *held, &sum))
			return place.damaged("the buckets hold more than 2^64 calls");
		if (*held)
			buckets.push_back(
				{.lower = *lower, .upper = upper->value_or(0), .count = *held});
	}
	if (sum != count)
		return place.damaged(
			fmt::format("the buckets hold {} calls, \"count\" says {}", sum, count));
	return buckets;
}

Result<SavedEvent> event_in(const json &object, const Place &place)
{
	SavedEvent event;
	for (const auto &[key, value] :
	     {std::pair{"event", &event.name}, std::pair{"per", &event.per}}) {
		auto name = name_in(object, key, place);
		if (!name)
			return tl::unexpected(name.error());
		*value = std::move(*name);
	}
	for (const auto &[key, value] :
	     {std::pair{"count", &event.count}, std::pair{"failed", &event.failed},
	      std::pair{"sum_ns", &event.sum_ns}}) {
		const auto number = whole(object, key, place);
		if (!number)
			return tl::unexpected(number.error());
		*value = *number;
	}
	for (const auto &[key, value] :
	     {std::pair{"min_ns", &event.min_ns}, std::pair{"max_ns", &event.max_ns}}) {
		const auto number = maybe_whole(object, key, place);
		if (!number)
			return tl::unexpected(number.error());
		*value = *number;
	}
	if (event.min_ns && event.max_ns && *event.min_ns > *event.max_ns)
		return place.damaged("\"min_ns\" is above \"max_ns\"");
	auto buckets = buckets_in(object, event.count, place);
	if (!buckets)
		return tl::unexpected(buckets.error());
	event.buckets = std::move(*buckets);
	return event;
}

/// The events of a total, an interval or a snapshot.
Result<std::vector<SavedEvent>> events_in(const json &record, const SavedRun &run,
					  const Place &place)
{
	const auto list = list_in(record, "events", place);
	if (!list)
		return tl::unexpected(list.error());
	std::vector<SavedEvent> events;
	for (const json &element : **list) {
		auto event = event_in(element, place);
		if (!event)
			return tl::unexpected(event.error());
		const auto unit = name_in(element, "unit", place);
		if (!unit)
			return tl::unexpected(unit.error());
		if (*unit != run.unit)
			return place.damaged(fmt::format("{} is in {}, the run in {}", event->name,
							 *unit, run.unit));
		if (std::any_of(events.begin(), events.end(),
				[&](const SavedEvent &e) { return e.name == event->name; }))
			return place.damaged(
				fmt::format("the event {} is there twice", event->name));
		events.push_back(std::move(*event));
	}
	return events;
}

/// The counts of two stretches of one run together.
Result<void> add_to(SavedEvent &sum, const SavedEvent &more, const Place &place)
{
	const auto nonsense = [&] {
		return place.damaged(
			fmt::format("{} does not go with the intervals before", more.name));
	};
	if (sum.per != more.per)
		return nonsense();
	for (const auto value : {&SavedEvent::count, &SavedEvent::failed, &SavedEvent::sum_ns})
		if (__builtin_add_overflow(sum.*value, more.*value, &(sum.*value)))
			return nonsense();
	if (more.min_ns)
		sum.min_ns = std::min(sum.min_ns.value_or(*more.min_ns), *more.min_ns);
	if (more.max_ns)
		sum.max_ns = std::max(sum.max_ns.value_or(*more.max_ns), *more.max_ns);

	std::map<std::uint64_t, SavedBucket> by_lower;
	for (const SavedBucket &b : sum.buckets)
		by_lower.emplace(b.lower, b);
	for (const SavedBucket &b : more.buckets) {
		const auto [it, fresh] = by_lower.emplace(b.lower, b);
		if (fresh)
			continue;
		if (it->second.upper != b.upper)
			return nonsense();
		it->second.count += b.count; // below the sum of the counts, which did not overflow
	}
	sum.buckets.clear();
	for (const auto &[lower, b] : by_lower) {
		const SavedBucket *last = sum.buckets.empty() ? nullptr : &sum.buckets.back();
		if (last && (!last->upper || lower < last->upper))
			return nonsense();
		sum.buckets.push_back(b);
	}
	return {};
}

/// Takes one line after the other.
class Reader
{
public:
	explicit Reader(const std::string &name) : place_{.file = name} { run_.name = name; }

	Result<void> line(std::string_view text, std::size_t number)
	{
		place_.line = number;
		json record;
		std::string fault;
		try {
			record = json::parse(text);
		} catch (const json::exception &e) {
			const auto *at = dynamic_cast<const json::parse_error *>(&e);
			fault = at ? fmt::format("no JSON from byte {} on", at->byte)
				   : std::string("a number that no counter can have");
		}
		if (!begun_)
			return begin(text, record, fault);
		if (!fault.empty())
			return place_.damaged(fault + "; it was cut off, or damaged");
		if (!record.is_object())
			return place_.damaged("no object");
		const auto type = name_in(record, "type", place_);
		if (!type)
			return tl::unexpected(type.error());
		if (*type == "begin")
			return place_.foreign("a second run begins",
					      "put each run into a file of its own");
		if (run_.ended)
			return place_.damaged("the run ended in the line before");
		if (*type == "total")
			return total(record);
		if (*type == "interval" || *type == "snapshot")
			return interval(record);
		if (*type == "end")
			return end(record);
		return {}; // what a later version adds
	}

	/// After the last line.
	Result<SavedRun> finish()
	{
		if (!begun_)
			return fail(Exit::usage, place_.file, "is empty", save_one);
		if (!has_total_ && !run_.intervals)
			return place_.damaged("the run has neither a total nor an interval: it was "
					      "cut off");
		for (SavedEvent &event : run_.events) {
			if (const auto it = anchors_.find(event.name); it != anchors_.end())
				event.anchor = it->second;
			if (const auto it = losses_.find(event.name); it != losses_.end())
				event.losses = it->second;
		}
		return std::move(run_);
	}

private:
	Result<void> begin(std::string_view text, const json &record, const std::string &fault)
	{
		if (!fault.empty()) {
			if (text.find(any_schema) != std::string_view::npos)
				return place_.damaged(fault + "; it was cut off, or damaged");
			return place_.foreign("this is no run of hugemem latency (no JSON)",
					      save_one);
		}
		const json *stated = record.is_object() ? member(record, "schema") : nullptr;
		const std::string said =
			stated && stated->is_string() ? stated->get<std::string>() : "";
		if (!said.starts_with(any_schema))
			return place_.foreign("this is no run of hugemem latency (no schema " +
						      std::string(schema) + ")",
					      save_one);
		if (said != schema)
			return place_.foreign(fmt::format("schema {}, known is {}",
							  printable(std::string_view(said).substr(
								  0, longest_name)),
							  schema),
					      "use the hugemem that has saved it");
		if (text_in(record, "type") != "begin")
			return place_.damaged("the first line is not that of the begin");

		const auto unit = name_in(record, "unit", place_);
		if (!unit)
			return tl::unexpected(unit.error());
		static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
			{"ns", 1}, {"us", 1000}, {"ms", 1000000}};
		const auto known = std::find_if(std::begin(units), std::end(units),
						[&](const auto &u) { return u.first == *unit; });
		if (known == std::end(units))
			return place_.foreign(fmt::format("unit {}, known are ns, us, ms", *unit),
					      "measure with -n, -u or -m");
		run_.unit = *unit;
		run_.unit_ns = known->second;
		if (const json *kernel = member(record, "kernel"); kernel && kernel->is_object())
			run_.kernel = fmt::format("{} {}", text_in(*kernel, "release"),
						  text_in(*kernel, "machine"));
		const auto events = list_in(record, "events", place_);
		if (!events)
			return tl::unexpected(events.error());
		for (const json &event : **events)
			anchors_[text_in(event, "event")] = text_in(event, "anchor");
		begun_ = true;
		return {};
	}

	Result<void> total(const json &record)
	{
		if (has_total_)
			return place_.damaged("a second total");
		auto events = events_in(record, run_, place_);
		if (!events)
			return tl::unexpected(events.error());
		run_.events = std::move(*events);
		run_.intervals = 0;
		has_total_ = true;
		return {};
	}

	Result<void> interval(const json &record)
	{
		if (has_total_)
			return place_.damaged("an interval after the total");
		auto events = events_in(record, run_, place_);
		if (!events)
			return tl::unexpected(events.error());
		for (SavedEvent &event : *events) {
			const auto known = std::find_if(
				run_.events.begin(), run_.events.end(),
				[&](const SavedEvent &e) { return e.name == event.name; });
			if (known == run_.events.end())
				run_.events.push_back(std::move(event));
			else if (auto ok = add_to(*known, event, place_); !ok)
				return ok;
		}
		run_.intervals++;
		return {};
	}

	Result<void> end(const json &record)
	{
		const auto events = list_in(record, "events", place_);
		if (!events)
			return tl::unexpected(events.error());
		for (const json &event : **events) {
			const auto name = name_in(event, "event", place_);
			if (!name)
				return tl::unexpected(name.error());
			SavedLosses losses;
			for (const auto &[key, value] :
			     {std::pair{"in_flight", &losses.in_flight},
			      std::pair{"dropped", &losses.dropped},
			      std::pair{"returned_unseen", &losses.returned_unseen},
			      std::pair{"missed", &losses.missed}}) {
				const auto number = maybe_whole(event, key, place_);
				if (!number)
					return tl::unexpected(number.error());
				*value = number->value_or(0);
			}
			losses_[*name] = losses;
		}
		run_.ended = true;
		return {};
	}

	Place place_;
	SavedRun run_;
	bool begun_ = false;
	bool has_total_ = false;
	std::map<std::string, std::string> anchors_;
	std::map<std::string, SavedLosses> losses_;
};

} // namespace

const SavedEvent *SavedRun::find(std::string_view event) const
{
	const auto it = std::find_if(events.begin(), events.end(),
				     [event](const SavedEvent &e) { return e.name == event; });
	return it == events.end() ? nullptr : &*it;
}

Result<SavedRun> parse_saved_run(std::string_view text, const std::string &name)
{
	Reader reader(name);
	for (std::size_t number = 1; !text.empty(); number++) {
		const std::size_t end = std::min(text.find('\n'), text.size());
		const std::string_view line = text.substr(0, end);
		text.remove_prefix(std::min(end + 1, text.size()));
		if (line.find_first_not_of(" \t\r") == std::string_view::npos)
			continue;
		if (auto ok = reader.line(line, number); !ok)
			return tl::unexpected(ok.error());
	}
	return reader.finish();
}

Result<SavedRun> read_saved_run(const std::string &path)
{
	const auto text = read_text(path);
	if (!text)
		return tl::unexpected(text.error());
	return parse_saved_run(*text, path);
}

} // namespace hugemem

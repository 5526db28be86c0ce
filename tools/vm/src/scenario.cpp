// SPDX-License-Identifier: GPL-2.0-only
#include "scenario.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files.hpp"

namespace hm::vm
{
namespace
{

using nlohmann::json;

/// Reads members of one JSON object and remembers the first error; a chain of reads can then be
/// written down plainly and checked once.
class Reader
{
public:
	Reader(const json &object, std::string path, const std::filesystem::path &file,
	       std::optional<Error> &error)
		: object_(object), path_(std::move(path)), file_(file), error_(error)
	{
		if (!object_.is_object())
			complain("", "must be an object {...}");
	}

	/// Every key that may occur; anything else is a mistake and is named.
	void allow(std::initializer_list<std::string_view> keys)
	{
		if (!object_.is_object())
			return;
		for (const auto &[key, value] : object_.items()) {
			if (std::find(keys.begin(), keys.end(), key) == keys.end())
				complain(key, fmt::format("unknown key (known here: {})",
							  fmt::join(keys, ", ")));
		}
	}

	void text(const char *key, std::string &out, bool required = false)
	{
		if (const json *value = get(key, required)) {
			if (value->is_string() &&
			    (!required || !value->get_ref<const std::string &>().empty()))
				out = value->get<std::string>();
			else
				complain(key, required ? "must be a string that is not empty"
						       : "must be a string");
		}
	}

	template <class Int>
	void integer(const char *key, Int &out, long min, long max)
	{
		if (const json *value = get(key, false)) {
			if (value->is_number_integer() && value->get<long>() >= min &&
			    value->get<long>() <= max)
				out = static_cast<Int>(value->get<long>());
			else
				complain(key, fmt::format("must be a whole number from {} to {}",
							  min, max));
		}
	}

	void number(const char *key, double &out, double above)
	{
		if (const json *value = get(key, false)) {
			if (value->is_number() && value->get<double>() > above)
				out = value->get<double>();
			else
				complain(key, fmt::format("must be a number above {}", above));
		}
	}

	void number(const char *key, std::optional<double> &out)
	{
		if (const json *value = get(key, false)) {
			if (value->is_number())
				out = value->get<double>();
			else
				complain(key, "must be a number");
		}
	}

	void boolean(const char *key, bool &out)
	{
		if (const json *value = get(key, false)) {
			if (value->is_boolean())
				out = value->get<bool>();
			else
				complain(key, "must be true or false");
		}
	}

	void texts(const char *key, std::vector<std::string> &out)
	{
		each(key, [&](const json &entry, const std::string &where) {
			if (entry.is_string())
				out.push_back(entry.get<std::string>());
			else
				complain_at(where, "must be a string");
		});
	}

	/// Calls `take` with a Reader for each object of the array `key`.
	template <class Take>
	void objects(const char *key, Take take, bool required = false)
	{
		if (required)
			get(key, true);
		each(key, [&](const json &entry, const std::string &where) {
			Reader reader(entry, where, file_, error_);
			take(reader);
		});
	}

	template <class Take>
	void object(const char *key, Take take)
	{
		if (const json *value = get(key, false)) {
			Reader reader(*value, at(key), file_, error_);
			take(reader);
		}
	}

	/// One of the names of `choices`.
	template <class Enum>
	void choice(const char *key, Enum &out,
		    std::initializer_list<std::pair<std::string_view, Enum>> choices)
	{
		std::string name;
		if (!get(key, false))
			return;
		text(key, name);
		std::vector<std::string_view> known;
		for (const auto &[word, value] : choices) {
			if (word == name) {
				out = value;
				return;
			}
			known.push_back(word);
		}
		complain(key, fmt::format("\"{}\" is none of: {}", name, fmt::join(known, ", ")));
	}

	const json *get(const char *key, bool required)
	{
		if (!object_.is_object())
			return nullptr;
		const auto it = object_.find(key);
		if (it != object_.end())
			return &*it;
		if (required)
			complain(key, "is missing");
		return nullptr;
	}

	void complain(const std::string &key, const std::string &what)
	{
		complain_at(key.empty() ? path_ : at(key), what);
	}

	[[nodiscard]] bool failed() const { return error_.has_value(); }
	[[nodiscard]] const std::filesystem::path &file() const { return file_; }

private:
	[[nodiscard]] std::string at(const std::string &key) const
	{
		return path_.empty() ? key : path_ + "." + key;
	}

	template <class Take>
	void each(const char *key, Take take)
	{
		const json *value = get(key, false);
		if (!value)
			return;
		if (!value->is_array()) {
			complain(key, "must be a list [...]");
			return;
		}
		for (size_t i = 0; i < value->size(); ++i)
			take((*value)[i], fmt::format("{}[{}]", at(key), i));
	}

	void complain_at(const std::string &where, const std::string &what)
	{
		if (!error_)
			error_ = Error{Exit::usage,
				       fmt::format("{}: {}: {}", file_.string(),
						   where.empty() ? "the scenario" : where, what),
				       "the schema is in tools/vm/README.md"};
	}

	const json &object_;
	std::string path_;
	const std::filesystem::path &file_;
	std::optional<Error> &error_;
};

void check_size(Reader &in, const char *key, const std::string &text)
{
	if (auto size = parse_size(text); !size)
		in.complain(key, size.error().what);
}

void read_hardware(Reader &in, Hardware &out)
{
	in.allow({"machine", "memory", "maxmem", "slots", "smp", "cpu", "disk", "numa", "extra"});
	in.choice(
		"machine", out.machine,
		{{"normal", Machine::normal}, {"tcg", Machine::tcg}, {"icount", Machine::icount}});
	in.text("memory", out.memory);
	check_size(in, "memory", out.memory);
	in.text("maxmem", out.maxmem);
	if (!out.maxmem.empty())
		check_size(in, "maxmem", out.maxmem);
	in.integer("slots", out.slots, 0, 256);
	if (out.maxmem.empty() != (out.slots == 0))
		in.complain("slots", "slots and maxmem go together: give both or none");
	in.integer("smp", out.smp, 1, 64);
	if (out.machine == Machine::icount && out.smp != 1)
		in.complain("smp", "counting instructions needs \"smp\": 1");
	in.text("cpu", out.cpu);
	in.text("disk", out.disk);
	if (!out.disk.empty())
		check_size(in, "disk", out.disk);
	in.texts("extra", out.extra);
	out.numa.clear();
	in.objects("numa", [&](Reader &node) {
		node.allow({"memory", "cpus"});
		NumaNode made;
		node.text("memory", made.memory, true);
		check_size(node, "memory", made.memory);
		node.text("cpus", made.cpus);
		out.numa.push_back(std::move(made));
	});
	if (!in.failed() && !out.numa.empty()) {
		unsigned long long sum = 0;
		for (const NumaNode &node : out.numa)
			sum += *parse_size(node.memory);
		if (sum != *parse_size(out.memory))
			in.complain("numa",
				    fmt::format("the nodes have {} MiB in all, but memory is {}",
						sum >> 20, out.memory));
	}
}

void read_run(Reader &in, const Hardware &common, RunSpec &out)
{
	in.allow({"name", "kernel", "variant", "cmdline", "args", "tests", "reason", "max_skipped",
		  "min_failed", "optional", "qemu"});
	in.text("name", out.name, true);
	out.kernel = out.name;
	in.text("kernel", out.kernel);
	in.text("variant", out.variant);
	in.text("cmdline", out.cmdline);
	in.text("args", out.args);
	in.choice("tests", out.tests,
		  {{"pass", TestsRule::pass},
		   {"any", TestsRule::any},
		   {"skip", TestsRule::skip},
		   {"none", TestsRule::none}});
	in.text("reason", out.reason);
	if (out.tests != TestsRule::pass && out.reason.empty())
		in.complain("reason", "is missing: say why this run's tests need not pass");
	if (in.get("max_skipped", false)) {
		int most = 0;
		in.integer("max_skipped", most, 0, 100000);
		out.max_skipped = most;
	}
	if (in.get("min_failed", false)) {
		int least = 0;
		in.integer("min_failed", least, 1, 100000);
		out.min_failed = least;
		if (out.tests != TestsRule::any)
			in.complain("min_failed", "is for a run whose \"tests\" are \"any\"");
	}
	in.boolean("optional", out.optional);
	in.object("qemu", [&](Reader &qemu) {
		out.hardware = common;
		read_hardware(qemu, *out.hardware);
	});
}

void read_step(Reader &in, Step &out)
{
	in.allow({"name", "do"});
	in.text("name", out.name, true);
	in.objects(
		"do",
		[&](Reader &action) {
			action.allow({"execute", "arguments", "wait_event", "timeout"});
			QmpAction made;
			action.text("execute", made.execute, true);
			if (const json *arguments = action.get("arguments", false)) {
				if (arguments->is_object())
					made.arguments = arguments->dump();
				else
					action.complain("arguments", "must be an object {...}");
			}
			action.text("wait_event", made.wait_event);
			action.number("timeout", made.timeout, 0);
			out.actions.push_back(std::move(made));
		},
		true);
}

void read_bound(Reader &in, Bound &out)
{
	in.allow({"metric", "run", "min", "max", "reason"});
	in.text("metric", out.metric, true);
	in.text("run", out.run);
	in.number("min", out.min);
	in.number("max", out.max);
	in.text("reason", out.reason);
	if (!out.min && !out.max)
		in.complain("min", "a bound needs min, max or both");
}

void read_row(Reader &in, ReportRow &out)
{
	in.allow({"label", "metric", "digits", "scale", "unit", "targets"});
	in.text("label", out.label, true);
	in.text("metric", out.metric, true);
	in.integer("digits", out.digits, 0, 9);
	in.number("scale", out.scale, 0);
	in.text("unit", out.unit);
	in.objects("targets", [&](Reader &target) {
		target.allow({"run", "min", "max", "of"});
		Target made;
		target.text("run", made.run, true);
		target.number("min", made.min);
		target.number("max", made.max);
		target.text("of", made.of);
		if (!made.min && !made.max)
			target.complain("max", "a target needs min, max or both");
		out.targets.push_back(std::move(made));
	});
}

void read_file_entry(Reader &in, GuestFile &out)
{
	in.allow({"to", "from", "optional"});
	in.text("to", out.to, true);
	in.text("from", out.from, true);
	in.boolean("optional", out.optional);
	if (!out.to.empty() && out.to.front() != '/')
		in.complain("to", "must be an absolute path in the guest");
	if (out.to.find("..") != std::string::npos)
		in.complain("to", "must not contain \"..\"");
}

bool has_run(const Scenario &scenario, const std::string &name)
{
	return std::any_of(scenario.runs.begin(), scenario.runs.end(),
			   [&](const RunSpec &run) { return run.name == name; });
}

/// References between the parts of a scenario.
void cross_check(Reader &in, const Scenario &scenario)
{
	std::set<std::string> names;
	for (const RunSpec &run : scenario.runs) {
		if (!names.insert(run.name).second)
			in.complain("runs", fmt::format("two runs are called \"{}\"", run.name));
		if (run.name.find('/') != std::string::npos)
			in.complain("runs",
				    fmt::format("\"{}\": a run's name names a folder, no '/'",
						run.name));
	}
	if (scenario.runs.empty())
		in.complain("runs", "is empty: nothing would be booted");
	std::set<std::string> steps;
	for (const Step &step : scenario.steps) {
		if (!steps.insert(step.name).second)
			in.complain("steps", fmt::format("two steps are called \"{}\"", step.name));
	}
	for (const Bound &bound : scenario.bounds) {
		if (!bound.run.empty() && !has_run(scenario, bound.run))
			in.complain("bounds", fmt::format("there is no run \"{}\"", bound.run));
	}
	for (const ReportRow &row : scenario.rows) {
		for (const Target &target : row.targets) {
			for (const std::string &name : {target.run, target.of}) {
				if (!name.empty() && !has_run(scenario, name))
					in.complain("report",
						    fmt::format("\"{}\": there is no run \"{}\"",
								row.label, name));
			}
		}
	}
	const auto script = scenario.file.parent_path() / scenario.script;
	if (!in.failed() && !std::filesystem::is_regular_file(script))
		in.complain("script", fmt::format("{} does not exist", script.string()));
}

void read_top(Reader &in, Scenario &out)
{
	in.allow({"name", "about", "variant", "qemu", "cmdline", "script", "files", "steps", "runs",
		  "timeout", "allow_dmesg", "bounds", "report", "blocks", "must_fail"});
	in.text("name", out.name, true);
	if (out.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") !=
	    std::string::npos)
		in.complain("name", "may have only a-z, 0-9, '-' and '.'");
	in.text("about", out.about, true);
	in.text("variant", out.variant);
	in.object("qemu", [&](Reader &qemu) { read_hardware(qemu, out.hardware); });
	in.text("cmdline", out.cmdline);
	in.text("script", out.script, true);
	in.number("timeout", out.timeout, 0);
	in.texts("blocks", out.blocks);
	in.texts("must_fail", out.must_fail);
	for (const std::string &pattern : out.must_fail) {
		if (auto usable = dmesg::make_allow(pattern, "-", "must_fail"); !usable)
			in.complain("must_fail", usable.error().what);
	}
	in.objects("files", [&](Reader &file) { read_file_entry(file, out.files.emplace_back()); });
	in.objects("steps", [&](Reader &step) { read_step(step, out.steps.emplace_back()); });
	in.objects(
		"runs", [&](Reader &run) { read_run(run, out.hardware, out.runs.emplace_back()); },
		true);
	in.objects("bounds", [&](Reader &bound) { read_bound(bound, out.bounds.emplace_back()); });
	in.objects("report", [&](Reader &row) { read_row(row, out.rows.emplace_back()); });
	in.objects("allow_dmesg", [&](Reader &entry) {
		entry.allow({"match", "reason"});
		std::string match;
		std::string reason;
		entry.text("match", match, true);
		entry.text("reason", reason, true);
		if (entry.failed())
			return;
		auto allow = dmesg::make_allow(match, reason, "allow_dmesg");
		if (allow)
			out.allow_dmesg.push_back(std::move(*allow));
		else
			entry.complain("match", allow.error().what);
	});
	cross_check(in, out);
}

} // namespace

Result<unsigned long long> parse_size(const std::string &text)
{
	unsigned long long value = 0;
	const char *end = text.data() + text.size();
	const auto [rest, ec] = std::from_chars(text.data(), end, value);
	unsigned shift = 0;
	const std::string_view suffix(rest, static_cast<size_t>(end - rest));
	if (suffix == "K")
		shift = 10;
	else if (suffix == "M")
		shift = 20;
	else if (suffix == "G")
		shift = 30;
	else if (suffix == "T")
		shift = 40;
	if (ec != std::errc{} || (shift == 0 && !suffix.empty()) || value > (~0ULL >> shift))
		return fail(Exit::usage,
			    fmt::format("\"{}\" is not a size such as 512M or 8G", text));
	return value << shift;
}

Result<Scenario> parse_scenario(const std::string &text, const std::filesystem::path &file)
{
	json document;
	try {
		document = json::parse(text, nullptr, true, true);
	} catch (const json::exception &error) {
		return fail(Exit::usage,
			    fmt::format("{}: not valid JSON: {}", file.string(), error.what()));
	}
	Scenario scenario;
	scenario.file = file;
	std::optional<Error> error;
	Reader reader(document, "", file, error);
	if (!error)
		read_top(reader, scenario);
	if (error)
		return tl::unexpected(*error);
	return scenario;
}

Result<Scenario> read_scenario(const std::filesystem::path &file)
{
	auto text = read_file(file);
	if (!text) {
		text.error().code = Exit::usage;
		return tl::unexpected(text.error());
	}
	return parse_scenario(*text, file);
}

} // namespace hm::vm

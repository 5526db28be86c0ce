// SPDX-License-Identifier: GPL-2.0-only
#include "plan.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <sstream>

namespace hm::steps
{
namespace
{

namespace fs = std::filesystem;

constexpr std::string_view blanks = " \t\r";
constexpr unsigned most_lanes = 16;

std::string_view trim(std::string_view text)
{
	const auto first = text.find_first_not_of(blanks);
	if (first == std::string_view::npos)
		return {};
	return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> words(std::string_view text)
{
	std::istringstream in{std::string{text}};
	std::vector<std::string> out;
	for (std::string word; in >> word;)
		out.push_back(word);
	return out;
}

bool good_id(std::string_view id)
{
	return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
	});
}

/// Minutes, with a fraction or without; nothing that is not above 0 and at most a day.
std::chrono::milliseconds minutes(std::string_view text)
{
	double value = 0;
	const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (ec != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= 1440))
		return std::chrono::milliseconds{0};
	return std::chrono::milliseconds{std::max(1L, static_cast<long>(value * 60000))};
}

/// Collects statements of one file and of those it includes into one plan.
class Reader
{
public:
	Result<void> file(const fs::path &path)
	{
		const auto full = fs::weakly_canonical(path);
		if (std::find(open_.begin(), open_.end(), full) != open_.end())
			return fail(Exit::usage, fmt::format("{}: includes itself", path.string()));
		std::ifstream in{path};
		if (!in || fs::is_directory(path))
			return fail(Exit::usage,
				    fmt::format("{}: no such plan can be read; plans lie in "
						"tests/plans/",
						path.string()));
		open_.push_back(full);
		int number = 0;
		for (std::string line; std::getline(in, line);) {
			const auto where = fmt::format("{}:{}", path.string(), ++number);
			if (auto done = statement(path, where, trim(line)); !done)
				return done;
		}
		open_.pop_back();
		return finish_step();
	}

	Result<Plan> take(std::string name)
	{
		for (const auto &step : plan_.steps)
			for (const auto &need : step.needs)
				if (!ids_.contains(need))
					return fail(Exit::usage,
						    fmt::format("{}: step {} needs {}, which no "
								"step of this plan is called",
								step.where, step.id, need));
		if (plan_.steps.empty())
			return fail(Exit::usage,
				    fmt::format("plan {}: has no steps, nothing would be tested",
						name));
		plan_.name = std::move(name);
		return std::move(plan_);
	}

private:
	Result<void> statement(const fs::path &path, const std::string &where,
			       std::string_view line)
	{
		if (line.empty() || line.front() == '#')
			return {};
		const auto split = line.find_first_of(blanks);
		const auto key = line.substr(0, split);
		const auto rest = split == std::string_view::npos ? std::string_view{}
								  : trim(line.substr(split));
		if (rest.empty())
			return fail(Exit::usage, fmt::format("{}: {} without a value", where, key));
		if (key == "include") {
			if (auto done = finish_step(); !done)
				return done;
			return file(path.parent_path() / rest);
		}
		if (key == "lanes") {
			const auto [end, ec] = std::from_chars(
				rest.data(), rest.data() + rest.size(), plan_.lanes);
			if (ec != std::errc{} || end != rest.data() + rest.size() ||
			    plan_.lanes < 1 || plan_.lanes > most_lanes)
				return fail(Exit::usage,
					    fmt::format("{}: lanes \"{}\": a number from 1 to {}",
							where, rest, most_lanes));
			return {};
		}
		if (key == "goal") {
			plan_.goal = minutes(rest);
			if (plan_.goal.count() == 0)
				return bad_minutes(where, key, rest);
			return {};
		}
		if (key == "step")
			return begin_step(where, rest);
		if (!in_step_)
			return fail(Exit::usage,
				    fmt::format("{}: {} outside of a step; a step begins with "
						"\"step ID\"",
						where, key));
		return of_step(where, key, rest);
	}

	Result<void> begin_step(const std::string &where, std::string_view id)
	{
		if (auto done = finish_step(); !done)
			return done;
		if (!good_id(id))
			return fail(
				Exit::usage,
				fmt::format("{}: \"{}\" is no step id (a-z, 0-9, -)", where, id));
		if (const auto [at, fresh] = ids_.emplace(id, where); !fresh)
			return fail(Exit::usage, fmt::format("{}: step {} is already at {}", where,
							     id, at->second));
		in_step_ = true;
		step_ = Step{};
		step_.id = id;
		step_.where = where;
		return {};
	}

	Result<void> of_step(const std::string &where, std::string_view key, std::string_view rest)
	{
		if (key == "run") {
			step_.script += fmt::format("{}{}", step_.script.empty() ? "" : "\n", rest);
			return {};
		}
		if (key == "needs") {
			for (auto &id : words(rest))
				step_.needs.push_back(std::move(id));
			return {};
		}
		if (key == "flags")
			return flags(where, rest);
		if (key == "title" && step_.title.empty()) {
			step_.title = rest;
			return {};
		}
		if (key == "budget" && step_.budget.count() == 0) {
			step_.budget = minutes(rest);
			if (step_.budget.count() == 0)
				return bad_minutes(where, key, rest);
			return {};
		}
		if (key == "title" || key == "budget")
			return fail(Exit::usage, fmt::format("{}: step {} has a {} already", where,
							     step_.id, key));
		return fail(
			Exit::usage,
			fmt::format(
				"{}: unknown key \"{}\"; known: include, goal, lanes, step, title, "
				"needs, budget, flags, run",
				where, key));
	}

	Result<void> flags(const std::string &where, std::string_view rest)
	{
		for (const auto &flag : words(rest)) {
			if (flag == "allskip")
				step_.allskip = true;
			else if (flag == "show")
				step_.show = true;
			else
				return fail(Exit::usage,
					    fmt::format("{}: unknown flag \"{}\"; known: "
							"allskip, show",
							where, flag));
		}
		return {};
	}

	Result<void> finish_step()
	{
		if (!in_step_)
			return {};
		in_step_ = false;
		const char *lacks = step_.title.empty()         ? "title"
				    : step_.budget.count() == 0 ? "budget"
				    : step_.script.empty()      ? "run"
								: nullptr;
		if (lacks)
			return fail(Exit::usage, fmt::format("{}: step {} has no {} line",
							     step_.where, step_.id, lacks));
		plan_.steps.push_back(std::move(step_));
		return {};
	}

	static tl::unexpected<Error> bad_minutes(const std::string &where, std::string_view key,
						 std::string_view rest)
	{
		return fail(Exit::usage,
			    fmt::format("{}: {} \"{}\" is no number of minutes above 0", where, key,
					rest));
	}

	Plan plan_;
	Step step_;
	bool in_step_ = false;
	std::map<std::string, std::string, std::less<>> ids_; ///< id -> where it was given
	std::vector<fs::path> open_;                          ///< files being read, outermost first
};

} // namespace

Result<Plan> read_plan(const fs::path &file)
{
	Reader reader;
	if (auto done = reader.file(file); !done)
		return tl::unexpected<Error>{std::move(done.error())};
	return reader.take(file.stem().string());
}

} // namespace hm::steps

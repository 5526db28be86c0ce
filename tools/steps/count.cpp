// SPDX-License-Identifier: GPL-2.0-only
#include "count.hpp"
#include "tap.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace hm::steps
{
namespace
{

/// Takes numbers and fixed words off the front of a line.
class Scan
{
public:
	explicit Scan(std::string_view text) : rest_(text) {}

	bool word(std::string_view expected)
	{
		if (!rest_.starts_with(expected))
			return false;
		rest_.remove_prefix(expected.size());
		return true;
	}

	bool number(long &value)
	{
		const auto [end, ec] =
			std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
		if (ec != std::errc{} || value < 0)
			return false;
		rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
		return true;
	}

	[[nodiscard]] bool end() const { return rest_.empty(); }
	[[nodiscard]] std::string_view rest() const { return rest_; }

private:
	std::string_view rest_;
};

/// The closing lines of ctest.
class Ctest
{
public:
	void line(std::string_view text)
	{
		long percent = 0;
		long failed = 0;
		long total = 0;
		Scan scan{text};
		if (text == "No tests were found!!!") {
			any_ = true;
			++counts_.failed;
			failures_.emplace_back("ctest: no tests were found");
		} else if (scan.number(percent) && scan.word("% tests passed, ") &&
			   scan.number(failed) && scan.word(" tests failed out of ") &&
			   scan.number(total) && scan.end()) {
			any_ = true;
			counts_.failed += failed;
			counts_.passed += total - failed;
			list_ = List::none;
		} else if (text == "The following tests FAILED:") {
			list_ = List::failed;
		} else if (text == "The following tests did not run:") {
			list_ = List::skipped;
		} else if (list_ != List::none && text.starts_with('\t')) {
			listed(text);
		} else {
			list_ = List::none;
		}
	}

	[[nodiscard]] bool any() const { return any_; }
	[[nodiscard]] const Counts &counts() const { return counts_; }
	[[nodiscard]] const std::vector<std::string> &failures() const { return failures_; }

private:
	enum class List { none, failed, skipped };

	void listed(std::string_view text)
	{
		const auto name = text.substr(text.find_first_not_of(" \t"));
		if (list_ == List::failed) {
			failures_.emplace_back(name);
		} else if (name.ends_with("(Skipped)")) {
			// ctest has counted it among the passed
			--counts_.passed;
			++counts_.skipped;
		} else if (name.ends_with("(Disabled)")) {
			++counts_.skipped; // ctest has not counted it at all
		}
	}

	Counts counts_;
	bool any_ = false;
	List list_ = List::none;
	std::vector<std::string> failures_;
};

/// The summary of a GoogleTest program, or of several.
class Gtest
{
public:
	void line(std::string_view text)
	{
		long n = 0;
		Scan scan{text};
		if (scan.word("[==========] Running ") && scan.number(n)) {
			close();
			announced_ = n;
			return;
		}
		if (!announced_)
			return;
		Scan passed{text};
		Scan skipped{text};
		Scan failed{text};
		if (passed.word("[  PASSED  ] ") && passed.number(n)) {
			here_.passed += n;
		} else if (skipped.word("[  SKIPPED ] ") && skipped.number(n) && tests(skipped)) {
			here_.skipped += n;
		} else if (failed.word("[  FAILED  ] ")) {
			if (failed.number(n) && tests(failed))
				here_.failed += n;
			else if (text.find(" (") == std::string_view::npos ||
				 text.ends_with(" ms)"))
				name(failed.rest());
		}
	}

	void close()
	{
		if (!announced_)
			return;
		if (const auto lost = *announced_ - here_.all(); lost > 0) {
			here_.failed += lost;
			failures_.push_back(
				fmt::format("GoogleTest announced {} tests and told of {}",
					    *announced_, *announced_ - lost));
		}
		counts_ += here_;
		here_ = {};
		announced_.reset();
		any_ = true;
	}

	[[nodiscard]] bool any() const { return any_; }
	[[nodiscard]] const Counts &counts() const { return counts_; }
	[[nodiscard]] const std::vector<std::string> &failures() const { return failures_; }

private:
	/// Tells a summary ("2 tests, listed below:") from a test whose name begins with a number.
	static bool tests(Scan &scan) { return scan.word(" test"); }

	/// A failed test is named when it ends and again in the summary: keep one.
	void name(std::string_view text)
	{
		const auto shown = std::string{text.substr(0, text.find(" ("))};
		if (std::find(failures_.begin(), failures_.end(), shown) == failures_.end())
			failures_.push_back(shown);
	}

	Counts counts_;
	Counts here_;
	std::optional<long> announced_;
	bool any_ = false;
	std::vector<std::string> failures_;
};

/// Lines that are a closing line of our own commands.
class Closing
{
public:
	void line(std::string_view text)
	{
		Counts here;
		Scan scan{text};
		if (!(scan.number(here.passed) && scan.word(" passed, ") &&
		      scan.number(here.failed) && scan.word(" failed, ") &&
		      scan.number(here.skipped) && scan.word(" skipped") && scan.end()))
			return;
		any_ = true;
		counts_ += here;
	}

	[[nodiscard]] bool any() const { return any_; }
	[[nodiscard]] const Counts &counts() const { return counts_; }

private:
	Counts counts_;
	bool any_ = false;
};

void add(LogCounts &out, const Counts &counts, const std::vector<std::string> &failures)
{
	out.any = true;
	out.counts += counts;
	for (const auto &failure : failures)
		if (out.failures.size() < LogCounts::max_failures)
			out.failures.push_back(failure);
}

} // namespace

Counts &Counts::operator+=(const Counts &more)
{
	passed += more.passed;
	failed += more.failed;
	skipped += more.skipped;
	return *this;
}

std::string to_string(const Counts &counts)
{
	return fmt::format("{} passed, {} failed, {} skipped", counts.passed, counts.failed,
			   counts.skipped);
}

LogCounts count_log(std::istream &log)
{
	Ctest ctest;
	Gtest gtest;
	Tap tap;
	Closing closing;
	for (std::string line; std::getline(log, line);) {
		if (!line.empty() && line.back() == '\r') // a serial line ends so
			line.pop_back();
		ctest.line(line);
		gtest.line(line);
		tap.line(line);
		closing.line(line);
	}
	gtest.close();
	tap.close();

	LogCounts out;
	if (ctest.any()) {
		add(out, ctest.counts(), ctest.failures());
		return out;
	}
	if (gtest.any())
		add(out, gtest.counts(), gtest.failures());
	if (tap.any())
		add(out, tap.counts(), tap.failures());
	if (!out.any && closing.any())
		add(out, closing.counts(), {});
	return out;
}

} // namespace hm::steps

// SPDX-License-Identifier: GPL-2.0-only
#include "kernel.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "files.hpp"
#include "kconfig.hpp"
#include "process.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

constexpr unsigned long long space_wanted = 2ULL << 30; // vmlinux with debug information and BTF

/// The folder that holds both, so that ccache can write the paths below it relative.
fs::path common_parent(const fs::path &a, const fs::path &b)
{
	fs::path common;
	auto ia = a.begin();
	auto ib = b.begin();
	for (; ia != a.end() && ib != b.end() && *ia == *ib; ++ia, ++ib)
		common /= *ia;
	return common;
}

class Build
{
public:
	explicit Build(KernelSpec spec) : spec_(std::move(spec)) {}

	Status run()
	{
		Status st = check_input();
		for (Status (Build::*step)() : {&Build::read_wanted, &Build::configure,
						&Build::check_config, &Build::compile}) {
			if (st)
				st = (this->*step)();
		}
		return st;
	}

private:
	Status check_input()
	{
		std::error_code ec;
		spec_.src = fs::canonical(spec_.src, ec);
		if (ec || !fs::is_regular_file(spec_.src / "scripts/kconfig/merge_config.sh"))
			return fail(Exit::usage,
				    fmt::format("{}: not a Linux kernel tree", spec_.src.string()));
		if (fs::exists(spec_.src / ".config") || fs::exists(spec_.src / "include/config"))
			return fail(
				Exit::usage,
				fmt::format(
					"{}: was configured or built in place; a build folder cannot be "
					"used beside that",
					spec_.src.string()),
				fmt::format("save your .config and run: make -C {} mrproper",
					    spec_.src.string()));
		for (const auto &[tool, package] : {std::pair{"make", "make"},
						    {"gcc", "gcc"},
						    {"flex", "flex"},
						    {"bison", "bison"},
						    {"bc", "bc"},
						    {"ld", "binutils"}}) {
			if (auto found = find_program(tool, package); !found)
				return tl::unexpected(found.error());
		}
		if (auto st = make_dirs(spec_.out); !st)
			return st;
		spec_.out = fs::canonical(spec_.out, ec);
		if (auto st = need_space(spec_.out, space_wanted); !st && !spec_.configure_only)
			return st;
		if (spec_.log.empty())
			spec_.log = cache_dir() / "log" /
				    fmt::format("kernel-{}.log", spec_.out.filename().string());
		return write_file(spec_.log, ""); // this run's log only
	}

	Status read_wanted()
	{
		std::vector<kconfig::Wanted> all;
		const auto read = [&](const fs::path &file, bool feature) -> Status {
			const auto text = read_file(file);
			if (!text)
				return fail(Exit::usage, text.error().what);
			auto list = kconfig::parse_fragment(*text, file.filename().string());
			if (!list)
				return tl::unexpected(list.error());
			for (kconfig::Wanted &wanted : *list) {
				wanted.feature = feature;
				all.push_back(std::move(wanted));
			}
			return {};
		};
		// Features first: a variant such as hvo-out.config may configure one out.
		if (!spec_.features.empty()) {
			if (auto st = read(spec_.features, true); !st)
				return st;
		}
		for (const fs::path &config : spec_.configs) {
			if (auto st = read(config, false); !st)
				return st;
		}
		wanted_ = kconfig::effective(all);
		return spec_.stock ? drop_unknown_features() : Status{};
	}

	/// On a tree without the series the features of Kconfig.fragment are not there to be had.
	Status drop_unknown_features()
	{
		std::set<std::string> features;
		for (const kconfig::Wanted &wanted : wanted_) {
			if (wanted.feature)
				features.insert(wanted.symbol);
		}
		const auto known = kconfig::known_symbols(spec_.src, features);
		if (!known)
			return tl::unexpected(known.error());
		for (const std::string &symbol : features) {
			if (known->contains(symbol))
				continue;
			term::say(fmt::format(
				"stock tree: CONFIG_{} of {} is unknown to it and left out", symbol,
				spec_.features.filename().string()));
			std::erase_if(wanted_,
				      [&](const auto &wanted) { return wanted.symbol == symbol; });
		}
		return {};
	}

	[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const
	{
		const auto or_env = [](const char *name, const std::string &value) {
			const char *own = std::getenv(name);
			return std::pair<std::string, std::string>(name, own && *own ? own : value);
		};
		return {
			or_env("CCACHE_DIR", (cache_dir() / "ccache").string()),
			or_env("CCACHE_BASEDIR", common_parent(spec_.src, spec_.out).string()),
			{"KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"},
			{"KBUILD_BUILD_USER", "hugemem"},
			{"KBUILD_BUILD_HOST", "localhost"},
			{"KBUILD_BUILD_VERSION", "1"},
			{"LOCALVERSION", ""},
			{"LC_ALL", "C"},
		};
	}

	Result<int> logged(std::vector<std::string> argv, const std::string &what)
	{
		Spawn spawn{.argv = std::move(argv),
			    .cwd = spec_.src,
			    .env = environment(),
			    .out = -1,
			    .keep = {}};
		double said = 0;
		return run_logged(std::move(spawn), spec_.log, [&](double elapsed) {
			const std::string line =
				fmt::format("{}: {}:{:02} elapsed, log {}", what,
					    static_cast<int>(elapsed) / 60,
					    static_cast<int>(elapsed) % 60, spec_.log.string());
			term::status(line);
			constexpr double every = 30; // seconds, where lines cannot be overwritten
			if (!term::interactive() && elapsed - said >= every) {
				said = elapsed;
				term::say(line);
			}
		});
	}

	[[nodiscard]] std::vector<std::string> make_argv(std::vector<std::string> targets) const
	{
		const bool ccache = find_program("ccache", "ccache").has_value();
		std::vector<std::string> argv = {"make", "-C", spec_.src.string(),
						 "O=" + spec_.out.string(), "ARCH=x86_64"};
		argv.push_back(ccache ? "CC=ccache gcc" : "CC=gcc");
		// BTF and dump tools want types, nobody wants to know in which register a variable
		// is: that takes a quarter of the compiler's time. The code is the same.
		argv.emplace_back(
			"KCFLAGS=-fno-var-tracking -gno-statement-frontiers -gno-variable-location-views");
		argv.push_back(fmt::format("-j{}", spec_.jobs));
		argv.insert(argv.end(), targets.begin(), targets.end());
		return argv;
	}

	Status must(Result<int> status, const std::string &what)
	{
		if (!status)
			return tl::unexpected(status.error());
		if (*status == 0)
			return {};
		return fail(
			Exit::failed,
			fmt::format("{} failed (exit status {}):\n{}", what, *status, last_words()),
			"the whole log is " + spec_.log.string());
	}

	/// The lines of the log that say what went wrong, or its last ones.
	[[nodiscard]] std::string last_words() const
	{
		const auto text = read_file(spec_.log);
		if (!text)
			return {};
		std::vector<std::string> errors;
		std::vector<std::string> last;
		for (size_t pos = 0; pos < text->size();) {
			const size_t eol = std::min(text->find('\n', pos), text->size());
			const std::string line = text->substr(pos, eol - pos);
			pos = eol + 1;
			if (line.find("error:") != std::string::npos ||
			    line.find("*** ") != std::string::npos ||
			    line.find("undefined reference") != std::string::npos ||
			    line.find("No space left") != std::string::npos)
				errors.push_back("    " + line);
			last.push_back("    " + line);
		}
		auto &shown = errors.empty() ? last : errors;
		constexpr size_t most = 8;
		if (errors.empty() && shown.size() > most)
			shown.erase(shown.begin(), shown.end() - most);
		else if (shown.size() > most)
			shown.resize(most);
		return fmt::format("{}", fmt::join(shown, "\n"));
	}

	Status configure()
	{
		// One fragment out of all: it holds exactly what will be checked.
		std::string text = "# what hm-vm wants of this kernel\n";
		for (const kconfig::Wanted &wanted : wanted_)
			text += wanted.value == "n"
					? fmt::format("# CONFIG_{} is not set\n", wanted.symbol)
					: fmt::format("CONFIG_{}={}\n", wanted.symbol,
						      wanted.value);
		const fs::path fragment = spec_.out / "hm-wanted.config";
		// An earlier build of the same wishes keeps its .config: the check below still
		// holds it to them, and make sees to a Kconfig that changed.
		const auto before = read_file(fragment);
		if (before && *before == text && fs::exists(spec_.out / ".config"))
			return must(logged(make_argv({"olddefconfig"}), "configure"),
				    "make olddefconfig");
		std::error_code ec;
		fs::remove(fragment,
			   ec); // a configuration that was broken off must not look complete
		const fs::path pending = spec_.out / "hm-wanted.config.new";
		if (auto st = write_file(pending, text); !st)
			return st;
		// Everything that is not asked for stays off: defaults that only become visible
		// through an asked-for option would add a quarter to what is compiled.
		if (auto st = must(logged(make_argv({"KCONFIG_ALLCONFIG=" + pending.string(),
						     "allnoconfig"}),
					  "configure"),
				   "make allnoconfig");
		    !st)
			return st;
		fs::rename(pending, fragment, ec);
		return ec ? Status(fail_errno(fragment.string(), ec.value())) : Status{};
	}

	Status check_config()
	{
		const auto text = read_file(spec_.out / ".config");
		if (!text)
			return tl::unexpected(text.error());
		const auto lost = kconfig::find_lost(wanted_, kconfig::parse_config(*text));
		if (lost.empty()) {
			term::say(fmt::format("configuration: all {} wanted lines are there",
					      wanted_.size()));
			return {};
		}
		std::set<std::string> symbols;
		for (const kconfig::Lost &entry : lost)
			symbols.insert(entry.wanted.symbol);
		const auto known = kconfig::known_symbols(spec_.src, symbols);
		if (!known)
			return tl::unexpected(known.error());
		std::string names;
		for (const auto &[wanted, actual] : lost)
			names += fmt::format(
				"\n    CONFIG_{}={} ({}:{}) became {}{}", wanted.symbol,
				wanted.value, wanted.file, wanted.line, actual,
				known->contains(wanted.symbol) ? ": a dependency is not met"
							       : ": this tree has no such option");
		return fail(
			Exit::failed,
			fmt::format("{} wanted options were lost:{}", lost.size(), names),
			spec_.stock
				? "add what they depend on to the configuration"
				: "add what they depend on; for a tree without the series say --stock");
	}

	Status compile()
	{
		if (spec_.configure_only)
			return {};
		if (!find_program("ccache", "ccache"))
			term::say(
				"ccache is not installed: builds again will take as long as this one");
		if (wants("DEBUG_INFO_BTF")) {
			if (auto pahole = find_program("pahole", "dwarves"); !pahole)
				return tl::unexpected(pahole.error());
		}
		const std::string what = fmt::format("build {}", spec_.out.filename().string());
		term::say(fmt::format("{}: {} with {} jobs, log {}", what,
				      fmt::join(spec_.targets, ", "), spec_.jobs,
				      spec_.log.string()));
		return must(logged(make_argv(spec_.targets), what), what);
	}

	[[nodiscard]] bool wants(std::string_view symbol) const
	{
		return std::any_of(wanted_.begin(), wanted_.end(),
				   [&](const kconfig::Wanted &wanted) {
					   return wanted.symbol == symbol && wanted.value == "y";
				   });
	}

	KernelSpec spec_;
	std::vector<kconfig::Wanted> wanted_;
};

} // namespace

Status build_kernel(const KernelSpec &spec)
{
	return Build(spec).run();
}

} // namespace hm::vm

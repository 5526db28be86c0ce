// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The subcommands of hm-series. Each prints its data on stdout and returns
/// what main() turns into a message and an exit code.
#pragma once

#include <string>
#include <vector>

#include "project.hpp"
#include "result.hpp"

namespace hm
{

/// Lines `key value` of the row of the base: tag, line, tree, result, state and
/// `origin NAME SUITE VERSION SHA256` with '-' for what is empty.
Result<void> print_base(const Project &project);

/// Replaces one field of the row of the base in the file `bases`.
Result<void> set_base_field(const Project &project, const std::string &field,
			    const std::string &value);

/// The version of the tree whose Makefile this is: `5.10.262`.
Result<void> print_kernel_version(const std::string &makefile);

/// One line `NN needs title` a topic, marked if the series has it.
Result<void> print_topics(const Project &project);

/// Patch paths (below patches/) in order; only those of @p topics if there are any.
Result<void> print_series(const Project &project, const std::vector<std::string> &topics);

/// Every allowed subset of topics, one a line.
Result<void> print_subsets(const Project &project);

/// Paths in the tree that the series (or the given topics of it) touches, sorted.
Result<void> print_touched(const Project &project, const std::vector<std::string> &topics);

/// Of the C files on stdin, paths in the kernel tree @p tree, those that could notice the
/// patch @p patch (a file name) of the series; see concerned.hpp.
Result<void> print_concerned(const Project &project, const std::string &patch,
			     const std::string &tree);

/// Reads commits from stdin, prints `id TAB name`.
Result<void> print_names(const Project &project, bool renumber);

/// Puts the derived Message-Id into each file.
Result<void> stamp_files(const Project &project, const std::vector<std::string> &files);

/// Prints the series file that names @p files.
Result<void> print_series_file(const Project &project, const std::vector<std::string> &files);

/// Everything that needs no kernel: the table of bases, the series, its patches,
/// cover letter, selftests and MAINTAINERS.snippet. Findings go to stderr, one a line.
Result<void> run_check(const Project &project);

/// The series as a mailbox on stdout.
Result<void> print_mbox(const Project &project);

/// Compares two files of compiler-like messages; see warnings.hpp. New ones go to stdout.
Result<void> compare_warnings(const std::string &before, const std::string &after);

/// Prints the messages of checkpatch in the file @p messages that the table
/// @p exceptions does not accept. With @p all_used a row that accepts nothing is an
/// error, too: it is a hole without a need.
Result<void> filter_messages(const std::string &exceptions, const std::string &messages,
			     bool all_used);

} // namespace hm

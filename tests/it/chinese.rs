//! What the command says under `--lang zh` when the world fails it: Chinese throughout, but for the words of the
//! system at the end of the chain of causes.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{data, folder, repo, run_args, run_folder_args, tongchou};

const ZH: [&str; 2] = ["--lang", "zh"];

/// What a command that fails says in Chinese, its folder as `<folder>`.
#[track_caller]
fn said(folder: &Path, args: Vec<OsString>) -> String {
    let ran = tongchou(args).expect(2);
    assert_eq!(ran.stdout, "");
    ran.stderr.replace(&folder.display().to_string(), "<folder>")
}

/// A run of the small pack over `claims` of the folder.
#[track_caller]
fn of_claims(folder: &Path, claims: &str) -> String {
    said(folder, run_args(&data("small/rules"), &folder.join(claims), &folder.join("out"), &ZH))
}

#[test]
fn a_file_that_is_not_there() {
    let folder = folder();
    assert_eq!(
        of_claims(folder.path(), "claims.csv"),
        "错误：找不到输入文件 `<folder>/claims.csv`：请检查路径；通配模式须能匹配到文件\n"
    );
}

#[test]
fn a_pattern_that_is_none() {
    let folder = folder();
    let said = of_claims(folder.path(), "claims[.csv");
    assert!(said.starts_with("错误：`<folder>/claims[.csv` 不是有效的通配模式："), "{said}");
}

#[test]
fn a_folder_that_may_not_be_read() {
    let folder = folder();
    let claims = folder.path().join("claims");
    fs::create_dir(&claims).expect("a folder");
    fs::set_permissions(&claims, fs::Permissions::from_mode(0o000)).expect("the rights are taken");
    let args = run_args(&data("small/rules"), &claims, &folder.path().join("out"), &ZH);
    let program = env!("CARGO_BIN_EXE_tongchou");
    let mut command = if fs::read_dir(&claims).is_ok() {
        // The superuser may read everything, unless it gives up its rights.
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-all", program]);
        command
    } else {
        Command::new(program)
    };
    let output = command.args(args).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr).replace(&folder.path().display().to_string(), "<folder>");
    assert_eq!(said, "错误：无法列出 `<folder>/claims`：Permission denied (os error 13)\n");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_file_that_is_no_parquet() {
    let folder = folder();
    fs::write(folder.path().join("claims.parquet"), "psn_no\n").expect("a file");
    let said = of_claims(folder.path(), "claims.parquet");
    assert!(said.starts_with("错误：无法按 Parquet 格式读取 `<folder>/claims.parquet`："), "{said}");
}

#[test]
fn an_output_folder_that_holds_something() {
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    fs::write(out.join("mine.txt"), "mine").expect("a file");
    assert_eq!(
        said(folder.path(), run_folder_args(&data("small"), &out, &ZH)),
        "错误：<folder>/out 不是空文件夹：请另指定新文件夹，或用 --overwrite 整体替换\n"
    );
}

#[test]
fn an_output_folder_below_a_file() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("a file");
    let args = |out: &str| run_folder_args(&data("small"), &folder.path().join(out), &ZH);
    assert_eq!(said(folder.path(), args("file")), "错误：<folder>/file 不是文件夹\n");
    assert_eq!(
        said(folder.path(), args("file/out")),
        "错误：无法创建文件夹 <folder>/file：File exists (os error 17)\n"
    );
}

#[test]
fn columns_that_are_missing() {
    let folder = folder();
    let text = fs::read_to_string(data("small/claims.csv")).expect("claims");
    let text = text.replacen("insutype", "insutyp", 1).replacen("setl_time", "time", 1);
    fs::write(folder.path().join("claims.csv"), text).expect("a file");
    insta::assert_snapshot!(of_claims(folder.path(), "claims.csv"), @r"
    claims.csv:1 (insutype): 错误[I-COLUMN-MISSING]: 缺少列 `insutype`（险种类型）；可用的表头：insutype、险种、险种类型
      建议：文件中有 `insutyp`：若即为该列，请改名
    claims.csv:1 (setl_time): 错误[I-COLUMN-MISSING]: 缺少列 `setl_time`（结算时间）；可用的表头：setl_time、结算时间、结算日期
      建议：请将含义相同的列改为上述表头之一，或补充导出该列
    错误：输入文件有 2 处错误
    ");
}

#[test]
fn rows_that_need_more_memory_than_allowed() {
    let folder = folder();
    let more = ["--lang", "zh", "--audit", "--memory", "64KiB"];
    let said = said(folder.path(), run_folder_args(&data("conformance/pack101"), &folder.path().join("out"), &more));
    assert!(said.ends_with(" 行所需内存超过 --memory 允许的 65536 字节\n"), "{said}");
}

#[test]
fn a_rule_pack_that_is_not_there() {
    let folder = folder();
    let args = run_args(&folder.path().join("none"), &data("small/claims.csv"), &folder.path().join("out"), &ZH);
    let said = said(folder.path(), args);
    assert!(said.starts_with("<folder>/none: 错误[E000]: 无法读取："), "{said}");
    assert!(said.ends_with("\n错误：<folder>/none 中的规则包不可用\n"), "{said}");
}

#[test]
fn what_explain_cannot_find() {
    let folder = folder();
    let text = |path: &Path| path.display().to_string();
    let (rules, claims) = (text(&data("small/rules")), text(&data("small/claims.csv")));
    let explain = |args: &[&str]| {
        let args = ["explain", "NONE"].iter().chain(args).chain(&ZH);
        said(folder.path(), args.map(Into::into).collect())
    };
    assert_eq!(explain(&["--rules", &rules, "--claims", &claims]), "错误：结算记录中没有 setl_id 为 `NONE` 的行\n");
    let run = text(folder.path());
    let no_run = explain(&["--run", &run]);
    assert!(no_run.starts_with("错误：<folder>/manifest.json：无法读取："), "{no_run}");
    fs::write(folder.path().join("manifest.json"), "{}").expect("a file");
    assert_eq!(explain(&["--run", &run]), "错误：<folder>/manifest.json：不是本程序的运行清单：缺少结算记录\n");
}

#[test]
fn the_tools_beside_a_run() {
    let folder = folder();
    let said = |args: &[&str]| said(folder.path(), args.iter().chain(&ZH).map(Into::into).collect());
    let path = folder.path().display().to_string();
    assert_eq!(said(&["rules", "test", &path]), "错误：<folder>/examples.csv 不存在：规则包没有算例\n");
    let (none, out) = (format!("{path}/none"), format!("{path}/out"));
    let synth = ["synth", "--progress", "none", "--rows", "600", "--out", &out, "--rules"];
    assert_eq!(
        said(&[&synth[..], &[&none]].concat()),
        "错误：<folder>/none 中没有规则包：请用 --rules 指定，或在含有 sample_data 的文件夹中运行\n"
    );
    let rules = repo("sample_data/rules").display().to_string();
    assert_eq!(
        said(&[&synth[..], &[&rules, "--persons", "1"]].concat()),
        "错误：1 人共 600 行：一年内每人至多 500 行\n"
    );
}

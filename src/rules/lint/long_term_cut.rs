//! Long-term filers who are cut at the place they filed.

use super::Check;
use super::away_cut::{NOTICE, largest_cuts};
use super::context::{Context, hint, warn};
use super::offer::case_words;
use crate::diagnostic::Diagnostic;
use crate::model::place::Filing;

pub(super) const CHECK: Check = Check {
    code: "L126",
    title_en: "a long-term filer is cut at the filed place",
    title_zh: "长期异地备案人员在备案地被降低比例",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for (at, (cut, case)) in largest_cuts(context, Filing::Resident) {
        let (points, from) = (cut.points.percent(), cut.from.plain());
        let (here, there) = (cut.here.percent(), cut.there.percent());
        let case = case_words(context.book, case);
        found.push(
            warn(
                CHECK.code,
                at,
                format!(
                    "{case}, another province, long-term filing: {here} % at home, {there} % there above {from}: \
                     {points} points, allowed 0 ({})",
                    NOTICE.0
                ),
                format!(
                    "{case}，跨省长期备案：{from} 元以上本地 {here}%，备案地 {there}%：\
                     降 {points} 个百分点，应与本地一致（{}）",
                    NOTICE.1
                ),
            )
            .hint(hint(
                "at the filed place a long-term filer has the rates of home: give `resident` a channel of its own",
                "长期备案人员在备案地就医执行参保地本地比例：请为 `resident` 单列 channels 行",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn five_points() {
        let pack = pack().row("channels", "h7,330100,310,*,*,cross,*,allow,,,,,,,,0.05,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L126"), @r"
        channels.csv:3:16 (rate_points): warning[L126]: active, outpatient, L3, another province, long-term filing: 70 % at home, 65 % there above 0: 5 points, allowed 0 (NHSA and MoF notice 2022 No. 22)
          hint: at the filed place a long-term filer has the rates of home: give `resident` a channel of its own
        channels.csv:3:16 (rate_points): 警告[L126]: active, outpatient, L3，跨省长期备案：0 元以上本地 70%，备案地 65%：降 5 个百分点，应与本地一致（国家医保局、财政部医保发〔2022〕22号）
          建议：长期备案人员在备案地就医执行参保地本地比例：请为 `resident` 单列 channels 行
        ");
    }

    #[test]
    fn as_at_home() {
        let pack = pack()
            .row("channels", "h7,330100,310,*,*,cross,resident,allow,,,,,,,,,,2020-01-01,,g,")
            .row("channels", "h8,330100,310,*,*,cross,*,allow,,,,,,,,0.05,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L126"));
    }
}

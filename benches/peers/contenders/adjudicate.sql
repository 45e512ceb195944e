-- Five columns for each settlement, money in fen. Widths are chosen so that no number needs 128 bits.
WITH claims AS (
    SELECT
        setl_id, psn_no, setl_time, year(enddate) AS benefit_year,
        (medfee_sumamt::DECIMAL(15, 2) * 100::DECIMAL(3, 0))::BIGINT AS total,
        (inscp_scp_amt::DECIMAL(15, 2) * 100::DECIMAL(3, 0))::BIGINT AS in_scope
    FROM read_parquet(getvariable('claims'))
),
numbered AS (
    SELECT *, row_number() OVER in_order AS nth
    FROM claims
    WINDOW in_order AS (PARTITION BY psn_no, benefit_year ORDER BY setl_time, setl_id)
),
above AS (
    SELECT *,
        least(getvariable('deductibles')[least(nth, len(getvariable('deductibles')))]::BIGINT, in_scope) AS act_pay_dedc,
        in_scope - act_pay_dedc AS pool_base_amt
    FROM numbered
),
cumulated AS (
    SELECT *, (sum(pool_base_amt) OVER so_far)::BIGINT AS above_with
    FROM above
    WINDOW so_far AS (PARTITION BY psn_no, benefit_year ORDER BY nth ROWS UNBOUNDED PRECEDING)
),
banded AS (
    SELECT *, (marginal(above_with) - marginal(above_with - pool_base_amt) + 50) // 100 AS uncapped
    FROM cumulated
),
capped AS (
    SELECT *, (sum(uncapped) OVER so_far)::BIGINT AS uncapped_with
    FROM banded
    WINDOW so_far AS (PARTITION BY psn_no, benefit_year ORDER BY nth ROWS UNBOUNDED PRECEDING)
)
SELECT
    setl_id, act_pay_dedc, pool_base_amt,
    least(uncapped_with, getvariable('ceiling')) - least(uncapped_with - uncapped, getvariable('ceiling')) AS hifp_pay,
    total - hifp_pay AS psn_part_amt
FROM capped

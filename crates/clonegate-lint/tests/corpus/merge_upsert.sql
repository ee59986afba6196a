with incoming (sku, qty) as (values ('a', 1), ('b', 2))
insert into stock as s (sku, qty)
select sku, qty from incoming
on conflict (sku) do update set qty = s.qty + excluded.qty where s.qty is distinct from excluded.qty
returning s.*;
merge into stock s using delivery d on s.sku = d.sku
when matched and s.qty + d.delta = 0 then delete
when matched then update set qty = s.qty + d.delta
when not matched then insert (sku, qty) values (d.sku, d.delta);
delete from stock using delivery where stock.sku = delivery.sku and delivery.done;
